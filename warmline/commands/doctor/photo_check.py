"""Opens a few of the newest photos like the encoder: with its settings, limits and decoder, but without torch."""

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from shared.content.photos.fetch import FetchLimits
from shared.content.photos.photo_source import PhotoSource
from shared.content.photos.unreadable import Fault, Unreadable
from shared.content.settings import ContentSettings
from warmline.findings import Finding, good, hint, problem

SAMPLE_PHOTOS = 20
MOST_SECONDS = 5.0  # for one photo: the encoder's ten seconds for each of twenty photos would be too long
THREADS = 10
WHERE = "posts.image_url"
HALF = 0.5
_ALLOW = "set WARMLINE_IMAGE_HOSTS to the hosts that photos are fetched from"
_ROOT = "set WARMLINE_MEDIA_ROOT to the folder that image_url is a path in (and mount it where doctor and training run)"
_LARGE = "serve smaller ones, or raise WARMLINE_IMAGE_MAX_MEGABYTES or WARMLINE_IMAGE_MAX_MEGAPIXELS"
_COSTLY = "save it anew without its metadata: it is made so that reading it costs far more than its pixels"
_TODO: Mapping[Fault, str] = {
    Fault.BAD_REFERENCE: "image_url must be an http(s) URL or a path below WARMLINE_MEDIA_ROOT; build it in the view",
    Fault.OUTSIDE_ROOT: "image_url must be a path below WARMLINE_MEDIA_ROOT, without a slash at its beginning",
    Fault.NO_MEDIA_ROOT: f"{_ROOT}, or build whole URLs in the view",
    Fault.FILE_MISSING: f"does image_url begin at WARMLINE_MEDIA_ROOT? Else {_ROOT}",
    Fault.FILE_UNREADABLE: "see to the rights of the files: Warmline only reads them",
    Fault.HOST_NOT_ALLOWED: _ALLOW,
    Fault.HOST_UNKNOWN: "can this machine resolve the name of the host in image_url?",
    Fault.ADDRESS_NOT_ALLOWED: "photos are never fetched from private addresses: take WARMLINE_MEDIA_ROOT for those",
    Fault.TOO_MANY_REDIRECTS: "name the last address in image_url, or raise WARMLINE_IMAGE_MAX_REDIRECTS",
    Fault.HTTP_ANSWER: "open one of them without cookies: does it answer 200 and an image?",
    Fault.CONNECTION_FAILED: "can this machine reach the host in image_url?",
    Fault.TIMED_OUT: "is the host in image_url slow from here? WARMLINE_IMAGE_TIMEOUT_SECONDS bounds each photo",
    Fault.TOO_MANY_BYTES: _LARGE,
    Fault.TOO_MANY_PIXELS: _LARGE,
    Fault.TOO_SLOW: _COSTLY,
    Fault.TOO_MUCH_MEMORY: _COSTLY,
    Fault.DECODER_DIED: "is memory short on this machine? Else the file makes the decoder crash: save it anew",
    Fault.NOT_AN_IMAGE: "name a JPEG, PNG, WebP, GIF, BMP or AVIF version in image_url (HEIC and video have none here)",
}
_BROKEN = "open one of them: the file itself is damaged"


def check_photos(posts: Sequence[Mapping[str, str]], settings: ContentSettings) -> list[Finding]:
    """Read the photos of these posts, and report unreadable ones by reason."""
    if not posts:
        return []
    limits = settings.fetch_limits
    source = PhotoSource(
        media_root=settings.media_root,
        hosts=settings.image_hosts,
        limits=FetchLimits(
            seconds=min(limits.seconds, MOST_SECONDS), max_bytes=limits.max_bytes, max_redirects=limits.max_redirects
        ),
        max_pixels=settings.max_pixels,
    )
    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        photos = list(pool.map(source.load, [post["image_url"] for post in posts]))
    refused = [(post, got) for post, got in zip(posts, photos, strict=True) if isinstance(got, Unreadable)]
    is_set_up = settings.media_root is not None or bool(settings.image_hosts)
    return judge_photos([(post["image_url"], got) for post, got in refused], of=len(posts), is_set_up=is_set_up)


def judge_photos(refused: Sequence[tuple[str, Unreadable]], *, of: int, is_set_up: bool) -> list[Finding]:
    """The findings for unreadable photos: such posts are still ranked, but phase 2 knows less about them.

    Args:
        refused: image_url of each that could not be read, and why.
        of: how many were read.
        is_set_up: whether the settings say where photos are read from.
    """
    if not refused:
        return [good(WHERE, f"{of} of {of} photos open")]
    # Before photos are set up that is no fault, and phase 1 needs no photos.
    judged = problem if is_set_up and len(refused) >= of * HALF else hint
    found = []
    for fault, count in Counter(why.fault for _, why in refused).most_common():
        alike = [(url, why) for url, why in refused if why.fault is fault]
        found.append(
            judged(
                WHERE,
                f"{count} of {of} sampled photos cannot be read: {alike[0][1].detail}",
                expected="photos that the encoder can open",
                todo=_TODO.get(fault, _BROKEN),
                examples=[url for url, _ in alike[:3]],
            )
        )
    return found
