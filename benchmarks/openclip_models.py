"""Size and speed of the OpenCLIP models that "auto" chooses from, on random weights of the same shape.

On a CPU the speed is that of one core, by the time that it computed: other programs do not change it.

python benchmarks/openclip_models.py [--images N]
"""

import argparse
import time

import numpy as np
import torch
from fiftyone_autolabel.plugin.encoders.openclip_models import BEST_FIRST
from fiftyone_autolabel.plugin.encoders.torchvision_compat import ensure_torchvision_imports
from rich.console import Console
from rich.table import Table


def measured(model: str, images: int, device: str) -> tuple[int, float]:
    """Parameters of an architecture in millions, and images a second through its image tower."""
    ensure_torchvision_imports()
    import open_clip

    network = open_clip.create_model(model, device=device).eval()
    side = network.visual.preprocess_cfg["size"]
    height, width = side if isinstance(side, tuple) else (side, side)
    pixels = torch.from_numpy(np.random.default_rng(0).normal(size=(images, 3, height, width)))
    batch = pixels.float().to(device)
    clock = time.perf_counter if device == "cuda" else time.process_time
    with torch.inference_mode(), torch.autocast(device, torch.float16, enabled=device == "cuda"):
        network.encode_image(batch[:1])[0, 0].item()
        start = clock()
        network.encode_image(batch)[0, 0].item()
    seconds = clock() - start
    return round(sum(each.numel() for each in network.parameters()) / 1e6), images / seconds


def main() -> None:
    """Print one row per model."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=8, help="images in the batch")
    images = parser.parse_args().images
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(1)
    table = Table(title=f"One {device.upper()}" + (" core" if device == "cpu" else ""))
    for column in ("model", "weights", "parameters", "licence", "ImageNet, published", "images/s"):
        table.add_column(column)
    speeds: dict[str, tuple[int, float]] = {}
    for each in BEST_FIRST:
        if each.model not in speeds:
            speeds[each.model] = measured(each.model, images, device)
        parameters, speed = speeds[each.model]
        cells = (f"{parameters} M", each.licence, f"{each.imagenet:.1f}%", f"{speed:.2g}")
        table.add_row(each.model, each.pretrained, *cells)
    Console(width=130).print(table)


if __name__ == "__main__":
    main()
