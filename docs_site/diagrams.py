"""The diagrams of the documentation: how the parts are connected, how a page is made, how the replay works."""

from docs_site.svg import LINE, SIZE, Drawing, Palette


def flow(palette: Palette) -> Drawing:
    """From the app's database to the app's screen."""
    drawing = Drawing(
        "The jobs read PostgreSQL and write ranked lists to Redis; the timeline serves them", 610, palette
    )
    drawing.box(20, 10, 500, 64, "Your PostgreSQL", "users · posts · interactions · blocks")
    for x in (112, 304, 484):
        drawing.arrow((x, 74), (x, 126))
    drawing.text(124, 106, "read", color=palette.muted, size=SIZE - 2)
    drawing.box(20, 126, 184, 84, "s01_heuristic", "popularity, recency", "every 5 minutes")
    drawing.box(218, 126, 172, 84, "s02_train_neucf", "encode, train, judge", "every night")
    drawing.box(444, 126, 176, 84, "s02_recsys_neucf", "score all users", "every 15 minutes")
    drawing.arrow((390, 168), (444, 168), color=palette.strong)
    drawing.text(416, 158, "model", anchor="middle", color=palette.muted, size=SIZE - 3)
    for x in (112, 532):
        drawing.arrow((x, 210), (x, 266))
    drawing.text(124, 244, "ranked lists", color=palette.muted, size=SIZE - 2)
    drawing.text(520, 244, "ranked lists", anchor="end", color=palette.muted, size=SIZE - 2)
    drawing.box(20, 266, 600, 64, "Redis", "ranked lists · phase · blocks and deletions · seen posts")
    drawing.arrow((320, 330), (320, 386))
    drawing.text(333, 364, "one read, one write for each page", color=palette.muted, size=SIZE - 2)
    drawing.box(20, 386, 600, 64, "timeline", "HTTP: pages, events, blocks, deletions, admin", strong=True)
    drawing.line((620, 418), (632, 418), (632, 42), dashed=True)
    drawing.arrow((632, 42), (520, 42), dashed=True)
    drawing.text(612, 34, "events", anchor="end", color=palette.muted, size=SIZE - 2)
    drawing.arrow((115, 450), (115, 526), color=palette.strong)
    drawing.text(128, 492, "pages", color=palette.muted, size=SIZE - 2)
    drawing.arrow((320, 526), (320, 450))
    drawing.text(333, 492, "events, blocks", color=palette.muted, size=SIZE - 2)
    drawing.arrow((528, 526), (528, 450))
    drawing.text(516, 492, "phase", anchor="end", color=palette.muted, size=SIZE - 2)
    drawing.box(20, 526, 190, 70, "Your mobile app", "shows pages")
    drawing.box(226, 526, 188, 70, "Your backend", "sends what happens")
    drawing.box(430, 526, 190, 70, "Operator", "switches, promotes")
    return drawing


def page(palette: Palette) -> Drawing:
    """A page's life, from request to answer."""
    drawing = Drawing("A page: one read from Redis, a selection in the timeline, one write to Redis", 600, palette)
    places = {"App": 70, "Timeline": 320, "Redis": 560}
    for name, x in places.items():
        drawing.line((x, 56), (x, 520), dashed=True)
        drawing.box(x - 62, 10, 124, 46, name, strong=name == "Timeline")
    app, timeline, redis = places.values()
    drawing.arrow((app, 96), (timeline, 96), color=palette.strong)
    drawing.text((app + timeline) / 2, 88, "GET /timeline/USER", anchor="middle", size=SIZE - 1)
    drawing.arrow((timeline, 140), (redis, 140))
    drawing.text((timeline + redis) / 2, 132, "one command", anchor="middle", size=SIZE - 1)
    drawing.arrow((redis, 204), (timeline, 204))
    for number, line in enumerate(("list or chain, blocks,", "hides, seen posts, phase")):
        drawing.text(
            (timeline + redis) / 2, 176 + number * 20, line, anchor="middle", color=palette.muted, size=SIZE - 2
        )
    lines = (
        "leave out: own, blocked, hidden, deleted, seen",
        "at most 2 of 10 posts from one author",
        "1 slot of 10 for new posts",
        "fill up from further down the list",
    )
    drawing.box(120, 228, 400, 124, "Select 20 posts", *lines)
    drawing.arrow((timeline, 390), (redis, 390))
    drawing.text((timeline + redis) / 2, 382, "one script", anchor="middle", size=SIZE - 1)
    drawing.text(
        (timeline + redis) / 2, 410, "chain, page end, seen posts", anchor="middle", color=palette.muted, size=SIZE - 2
    )
    drawing.arrow((timeline, 450), (app, 450), color=palette.strong)
    drawing.text((app + timeline) / 2, 442, "200: posts, source,", anchor="middle", size=SIZE - 1)
    drawing.text((app + timeline) / 2, 470, "next_cursor, feed_id", anchor="middle", color=palette.muted, size=SIZE - 2)
    drawing.box(
        20,
        520,
        600,
        70,
        "Redis does not answer within 50 ms?",
        "The page comes from the process's own copies and PostgreSQL.",
    )
    return drawing


def replay(palette: Palette) -> Drawing:
    """Five cuts through time: train on what was there, then rank what could have been shown."""
    drawing = Drawing("The replay: at each cut a model of that time ranks what came after", 360, palette)
    left, right, top, pitch = 150, 620, 60, 36
    cuts = 6
    step = (right - left) / (cuts + 6)
    drawing.text(left, 30, "time", color=palette.muted, size=SIZE - 2)
    drawing.arrow((left + 44, 25), (right, 25))
    for number in range(cuts):
        y = top + number * pitch
        start = left + step * (6 + number)
        name = "warm-up" if number == 0 else f"cut {number}"
        drawing.text(left - 14, y + 17, name, anchor="end", color=palette.muted if number == 0 else "")
        drawing.band(left, y, start - left - 2, 24, palette.line, opacity=0.45)
        drawing.band(start, y, step - 2, 24, palette.series[6] if number == 0 else palette.strong)
    y = top + cuts * pitch + 20
    drawing.band(left, y - 14, 24, 16, palette.line, opacity=0.45)
    drawing.text(left + 34, y, "a model is trained on this")
    drawing.band(left, y - 14 + LINE + 4, 24, 16, palette.strong)
    drawing.text(left + 34, y + LINE + 4, "judged here, step by step, beside the heuristic")
    drawing.band(left, y - 14 + 2 * (LINE + 4), 24, 16, palette.series[6])
    drawing.text(left + 34, y + 2 * (LINE + 4), "only chooses the first serving order")
    return drawing
