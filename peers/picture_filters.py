"""What the classic filters make of noisy digits: the baseline of configs/mnist-denoise.yaml.

Adds normal noise of deviation 0.3 of full scale to the MNIST test pictures, cut to 0..255 as the experiment does,
and prints the mean PSNR and SSIM of the noisy pictures, of the best median filter and of the best Gaussian filter.

    python peers/picture_filters.py DATA_ROOT        (needs numpy, scipy, scikit-image)
"""

import gzip
import sys
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter, median_filter
from skimage.metrics import peak_signal_noise_ratio, structural_similarity


def main() -> None:
    path = Path(sys.argv[1]) / "mnist" / "t10k-images-idx3-ubyte.gz"
    clean = np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=16).reshape(-1, 28, 28)
    noise = np.random.default_rng(1).normal(0.0, 0.3 * 255.0, clean.shape)
    noisy = np.clip(np.rint(clean + noise), 0, 255).astype(np.uint8)

    def report(name: str, written: np.ndarray) -> None:
        written = np.clip(np.rint(written), 0, 255).astype(np.uint8)
        psnr = np.mean([peak_signal_noise_ratio(a, b) for a, b in zip(clean, written)])
        ssim = np.mean(
            [
                structural_similarity(
                    a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255
                )
                for a, b in zip(clean, written)
            ]
        )
        print(f"{name:<20} PSNR {psnr:6.2f} dB   SSIM {ssim:.4f}")

    report("noisy", noisy)
    for size in (3, 5):
        report(f"median {size} x {size}", median_filter(noisy, size=(1, size, size)))
    for sigma in (0.6, 0.8, 1.0, 1.2):
        report(f"Gaussian {sigma}", gaussian_filter(noisy.astype(float), sigma=(0, sigma, sigma)))


if __name__ == "__main__":
    main()
