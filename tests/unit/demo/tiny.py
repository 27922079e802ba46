"""A MovieLens so small that one can count: three films, three users, seven ratings."""

from demo.movielens import Ratings, parse

# The fourth film has no rating; user 2's last rating is the newest event of all, and good.
FILMS = """item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq
10\tToy Story\t1995\tAnimation Comedy
11\tHeat\t1995\tAction
12\tNameless\tunkonwn\tunknown
13\tNever Seen\t1990\tDrama
"""
RATINGS = """user_id:token\titem_id:token\trating:float\ttimestamp:float
1\t10\t5\t1000
1\t11\t3\t2000
2\t10\t4\t3000
3\t12\t1\t4000
3\t11\t2\t5000
2\t12\t2\t6000
2\t11\t5\t7000
"""


def tiny_ratings() -> Ratings:
    return parse(RATINGS, FILMS)
