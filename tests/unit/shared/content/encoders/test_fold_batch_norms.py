import torch
from torch import nn

from shared.content.encoders.fold_batch_norms import fold_batch_norms


def settled(norm: nn.BatchNorm2d) -> nn.BatchNorm2d:
    """A normalisation that does something, as after a training."""
    chance = torch.Generator().manual_seed(0)
    for numbers in (norm.weight.data, norm.bias.data, norm.running_mean, norm.running_var):
        assert numbers is not None
        numbers.uniform_(0.5, 2.0, generator=chance)
    return norm


SAMPLE = torch.rand(2, 3, 9, 9, generator=torch.Generator().manual_seed(1))


def test_a_folded_model_is_the_same_function_without_normalisations() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), settled(nn.BatchNorm2d(4)), nn.ReLU(), nn.Conv2d(4, 5, 1)).eval()
    made = fold_batch_norms(model, SAMPLE)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in made.modules())
    with torch.inference_mode():
        torch.testing.assert_close(made(SAMPLE), model(SAMPLE), rtol=1e-5, atol=1e-5)


class WrittenInAnotherOrder(nn.Module):
    """A convolution and a normalisation that stand beside each other and run the other way round."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3)
        self.norm = settled(nn.BatchNorm2d(3))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self.conv(self.norm(images))
        return made


def test_a_model_whose_layers_run_in_another_order_stays_as_it_is() -> None:
    model = WrittenInAnotherOrder().eval()
    assert fold_batch_norms(model, SAMPLE) is model
