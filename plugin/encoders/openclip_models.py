"""The published models that "auto" chooses from, with size, licence and published accuracy.

ImageNet zero-shot accuracy is quoted: from OpenCLIP's table `docs/openclip_results.csv`, that of SigLIP from
Table 1 of Tschannen et al., "SigLIP 2" (2025).
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedModel:
    """An OpenCLIP model with published weights.

    Attributes:
        model: Name of the architecture in OpenCLIP.
        pretrained: Tag of the weights.
        parameters: In millions, both towers.
        licence: Of the weights; all are free for commercial use.
        imagenet: Published zero-shot accuracy on ImageNet-1k, in per cent.
        needs_gpu: Whether a CPU takes more than a second per image or so.
    """

    model: str
    pretrained: str
    parameters: int
    licence: str
    imagenet: float
    needs_gpu: bool = False

    @property
    def spec(self) -> str:
        """The name of the encoder."""
        return f"openclip:{self.model}/{self.pretrained}"

    @property
    def gigabytes(self) -> float:
        """Size of the weights in single precision."""
        return self.parameters * 4 / 1000

    @property
    def facts(self) -> str:
        """What a user wants to know before downloading it."""
        return (
            f"{self.parameters} million parameters, {self.licence} licence, {self.imagenet:.1f}% zero-shot "
            "on ImageNet as published"
        )


DEFAULT = PublishedModel("ViT-B-32-256", "datacomp_s34b_b86k", 151, "MIT", 72.8)
"""What is fetched where there is no GPU."""

DEFAULT_ON_GPU = PublishedModel("ViT-L-14", "datacomp_xl_s13b_b90k", 428, "MIT", 79.2, needs_gpu=True)

BEST_FIRST = (
    PublishedModel("ViT-L-16-SigLIP2-256", "webli", 882, "Apache-2.0", 82.5, needs_gpu=True),
    DEFAULT_ON_GPU,
    PublishedModel("ViT-B-16-SigLIP2", "webli", 375, "Apache-2.0", 78.2),
    PublishedModel("ViT-B-16-SigLIP", "webli", 203, "Apache-2.0", 76.2),
    PublishedModel("ViT-L-14", "openai", 428, "MIT", 75.5, needs_gpu=True),
    PublishedModel("ViT-L-14", "laion2b_s32b_b82k", 428, "MIT", 75.3, needs_gpu=True),
    PublishedModel("ViT-B-32-SigLIP2-256", "webli", 377, "Apache-2.0", 74.0),
    PublishedModel("ViT-B-16", "datacomp_xl_s13b_b90k", 150, "MIT", 73.5),
    DEFAULT,
    PublishedModel("ViT-B-16", "laion2b_s34b_b88k", 150, "MIT", 70.2),
    PublishedModel("ViT-B-32", "datacomp_xl_s13b_b90k", 151, "MIT", 69.2),
    PublishedModel("ViT-B-16", "openai", 150, "MIT", 68.3),
    PublishedModel("ViT-B-32", "laion2b_s34b_b79k", 151, "MIT", 66.6),
    PublishedModel("ViT-B-32", "openai", 151, "MIT", 63.3),
)


def in_order(has_gpu: bool) -> Sequence[PublishedModel]:
    """The models from first to last choice: the most accurate first, on a CPU the slow ones last."""
    return sorted(BEST_FIRST, key=lambda each: each.needs_gpu and not has_gpu)
