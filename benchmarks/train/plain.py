"""The reference: a plain loop as the paper describes it, sample by sample, with nothing shared between samples."""

import random
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.train.epochs import arrays, asked_posts, tell, tell_end, turns
from benchmarks.train.ours import BATCH, FACTORS, LEARNING_RATE, MLP_WIDTH, NEGATIVES, TOWER


class PlainNeuMF(nn.Module):
    """GMF and an MLP over the concatenation of two vectors, one table for each (He et al. 2017, figure 3)."""

    def __init__(self, n_users: int, n_posts: int) -> None:
        super().__init__()
        self.user_gmf, self.post_gmf = nn.Embedding(n_users, FACTORS), nn.Embedding(n_posts, FACTORS)
        self.user_mlp, self.post_mlp = nn.Embedding(n_users, MLP_WIDTH), nn.Embedding(n_posts, MLP_WIDTH)
        layers, width = list[nn.Module](), 2 * MLP_WIDTH
        for after in TOWER:
            layers += [nn.Linear(width, after), nn.ReLU()]
            width = after
        self.mlp = nn.Sequential(*layers)
        self.last = nn.Linear(FACTORS + width, 1)
        for table in (self.user_gmf, self.post_gmf, self.user_mlp, self.post_mlp):
            nn.init.normal_(table.weight, std=0.01)

    def forward(self, users: Tensor, posts: Tensor) -> Tensor:
        """(n,), (n,) -> (n,)"""
        mlp = self.mlp(torch.cat((self.user_mlp(users), self.post_mlp(posts)), dim=1))
        scores: Tensor = self.last(torch.cat((self.user_gmf(users) * self.post_gmf(posts), mlp), dim=1))
        return scores.squeeze(1)


def samples_of(pairs: list[tuple[int, int]], liked: set[tuple[int, int]], n_posts: int) -> tuple[Tensor, ...]:
    """Each like and its negatives, drawn one by one."""
    users, posts, yes = list[int](), list[int](), list[float]()
    for user, post in pairs:
        users.append(user)
        posts.append(post)
        yes.append(1.0)
        for _ in range(NEGATIVES):
            drawn = random.randrange(n_posts)  # noqa: S311
            while (user, drawn) in liked:
                drawn = random.randrange(n_posts)  # noqa: S311
            users.append(user)
            posts.append(drawn)
            yes.append(0.0)
    return torch.tensor(users), torch.tensor(posts), torch.tensor(yes)


def main() -> None:
    """`python -m benchmarks.train.plain WORLD.npz SEED`"""
    world, seed = arrays(Path(sys.argv[1])), int(sys.argv[2])
    random.seed(seed)
    torch.manual_seed(seed)
    n_users, n_posts = (int(number) for number in world["shape"])
    pairs = [(int(user), int(post)) for user, post in world["train"]]
    liked = set(pairs)
    model = PlainNeuMF(n_users, n_posts)
    optimizer, log_loss = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE), nn.BCEWithLogitsLoss()
    for _ in turns():
        started, losses = time.perf_counter(), list[float]()
        users, posts, yes = samples_of(pairs, liked, n_posts)
        for part in torch.randperm(len(yes)).split(BATCH):
            optimizer.zero_grad()
            loss = log_loss(model(users[part], posts[part]), yes[part])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        tell({"seconds": time.perf_counter() - started, "loss": float(np.mean(losses))})
    with torch.no_grad():
        asked = torch.from_numpy(world["asked"][:, 0])
        columns = torch.from_numpy(asked_posts(world)).unbind(dim=1)
        scores = torch.stack([model(asked, each) for each in columns], dim=1)
    tell_end(scores.numpy(), {"torch": torch.__version__, "numpy": np.__version__})


if __name__ == "__main__":
    main()
