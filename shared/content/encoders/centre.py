"""The mean vector of a text encoder over fixed sentences. Pure.

E5's vectors all point in a similar direction: two unrelated captions have a cosine of 0.70–0.79. Subtracting the mean
vector spreads them. The mean is taken over the sentences below (everyday captions in ten languages), not over the app's
own posts: so it is the same on every machine and in every run, and vectors of different runs can be compared.
"""

from collections.abc import Callable
from hashlib import blake2b

import numpy as np

from shared.content.encoders.protocol import Vectors

SENTENCES = (
    "A good morning from the garden.",
    "We baked bread with rosemary today.",
    "My old car finally passed its inspection.",
    "Finished the blue scarf, next come the socks.",
    "Our dog fell asleep on the sofa again.",
    "Sunset over the harbour after the rain.",
    "今日はカレーを作りました。",
    "ベランダのトマトが赤くなった。",
    "うちの犬は散歩が大好きです。",
    "新しい自転車を買いました。",
    "夕焼けの海がきれいでした。",
    "毛糸で帽子を編んでいます。",
    "Heute gab es Kartoffelsuppe mit Brot.",
    "Der Zug nach Hause hatte wieder Verspätung.",
    "Unser Hund hat die Schuhe versteckt.",
    "Hoy fuimos a la playa con los niños.",
    "Receta nueva: arroz con verduras.",
    "Mi planta por fin tiene flores.",
    "Premier essai de poterie, un peu bancal.",
    "Le chat regarde tomber la neige.",
    "Un café et un bon livre.",
    "Pão de queijo saindo do forno.",
    "Trilha na montanha com os amigos.",
    "오늘 저녁은 김치찌개예요.",
    "새로 심은 꽃이 피었어요.",
    "今天给小狗洗了澡。",
    "窗台上的多肉长大了。",
    "周末去爬山,风景很美。",
    "Сегодня испекли яблочный пирог.",
    "Новая полка для книг готова.",
    "صباح الخير من الحديقة.",
    "طبخنا اليوم الأرز مع الخضار.",
    "Jalan-jalan sore di tepi pantai.",
    "Kucing saya tidur di atas meja.",
)
# Another set of sentences is another centre, and so another encoder.
CENTRE_NAME = "centre=" + blake2b("\n".join(SENTENCES).encode(), digest_size=4).hexdigest()


def centre_of(embed: Callable[[list[str]], Vectors]) -> Vectors:
    """The mean vector of the fixed sentences, (width,)."""
    centre: Vectors = np.asarray(embed(list(SENTENCES)), dtype=np.float32).mean(axis=0)
    return centre
