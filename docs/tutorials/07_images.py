r"""
7. Images: Glow on small digits
===============================

An image is a row of pixels whose neighbours depend on each other. Glow is the flow for them: its
couplings look through convolutions, and it works on several scales. Here it learns the 8 x 8 digits
that come with scikit-learn, draws new ones by class, and then makes 8 x 8 images of 4 x 4 ones.
"""

import equinox as eqx
import jax
import numpy as np
from matplotlib import pyplot as plt
from sklearn.datasets import load_digits

from fluvial import flows, training

# %%
# The images
# ----------
#
# 1,797 images of 17 grey levels. Whole numbers have no density, so each value gets noise of one
# level: the density of what comes of it bounds the probability of the image as it was.

pixels, classes = load_digits(return_X_y=True)
levels = 16
noise = np.random.default_rng(0).uniform(size=pixels.shape)
images = ((pixels + noise) / levels).reshape(-1, 8, 8, 1).astype(np.float32)
one_hot = np.eye(10, dtype=np.float32)[classes]
train, fresh = slice(0, 1_500), slice(1_500, None)


def bits(log_prob):
    """Return bits for each pixel: what an image costs to be told, exact to a level."""
    return float(flows.bits_per_dimension(log_prob, (8, 8, 1), step=1 / levels).mean())


def show(rows, titles=()):
    _, axes = plt.subplots(
        len(rows), len(rows[0]), figsize=(9, 0.95 * len(rows)), layout="constrained"
    )
    for line, images in zip(np.atleast_2d(axes), rows, strict=True):
        for each, image in zip(line, images, strict=True):
            each.imshow(np.asarray(image)[..., 0], cmap="gray_r", vmin=0, vmax=17 / 16)
            each.set(xticks=[], yticks=[])
    for line, title in zip(np.atleast_2d(axes), titles, strict=False):
        line[0].set_ylabel(title, rotation=0, ha="right", va="center")
    plt.show()


deviation = images[train].std(axis=0) + 0.02
mean = images[train].mean(axis=0)
gaussian = -0.5 * ((images[fresh] - mean) / deviation) ** 2 - np.log(deviation * np.sqrt(2 * np.pi))
print(f"a normal for each pixel: {bits(gaussian.sum(axis=(1, 2, 3))):.2f} bits a pixel")
print(f"all levels equally likely: {np.log2(17):.2f}")

# %%
# Glow by class
# -------------
#
# `flows.glow` stacks, on each scale, a normalisation, a 1 x 1 convolution and a coupling. The
# class in one-hot form is the condition. `initialise` starts the normalisations from a batch, so
# that they standardise it.


def fitted(condition, epochs=16):
    flow = flows.glow(
        jax.random.key(0), image_shape=(8, 8, 1), n_layers=2, hidden_channels=16,
        condition_shape=condition.shape[1:],
    )  # fmt: skip
    started = flow.bijector.initialise(images[:256], condition[:256])
    flow = eqx.tree_at(lambda flow: flow.bijector, flow, started)
    return training.fit(
        jax.random.key(1), flow, images[train], condition[train], batch_size=100,
        max_epochs=epochs, learning_rate=5e-3, show_progress=False,
    )  # fmt: skip


by_class, history = fitted(one_hot)
reached = bits(by_class.log_prob(images[fresh], one_hot[fresh]))
print(f"Glow by class: {reached:.2f} bits a pixel, {history.seconds:.0f} s")

# %%
# Rows: real images, and three draws for each class.

real = [images[classes == digit][0] for digit in range(10)]
drawn = by_class.sample(jax.random.key(2), (3,), np.eye(10, dtype=np.float32))
show([real, *drawn], ["real", "drawn"])

# %%
# Small networks and 1,500 images: many of the draws can be told for what they should be, some
# cannot. A smaller temperature, latents drawn nearer to the middle, gives cleaner and more alike
# ones. (These are no draws of the model's density any more.)

latents = by_class.base.sample(jax.random.key(3), (3, 10))
cooler = [
    by_class.bijector.forward(0.6 * latents[i], np.eye(10, dtype=np.float32)) for i in range(3)
]
show(cooler, ["cooler"])

# %%
# Super-resolution
# ----------------
#
# The same flow with another condition, the image at half the resolution. It does not return *the*
# image that belongs to a coarse one, for there are many, but draws from all of them.

coarse = images.reshape(-1, 4, 2, 4, 2, 1).mean(axis=(2, 4))
finer, history = fitted(coarse)
reached_finer = bits(finer.log_prob(images[fresh], coarse[fresh]))
print(f"Glow given 4 x 4 pixels: {reached_finer:.2f} bits a pixel")
chosen = np.array([np.flatnonzero(classes[fresh] == digit)[0] for digit in range(10)]) + 1_500
draws = finer.sample(jax.random.key(4), (3,), coarse[chosen])
show([coarse[chosen], *draws, images[chosen]], ["given", "drawn", "", "", "true"])
again = np.asarray(draws).reshape(3, 10, 4, 2, 4, 2, 1).mean(axis=(3, 5))
error = np.sqrt(((again - coarse[chosen]) ** 2).mean())
print(f"made coarse again, the draws differ from what was given by {error:.3f} of 1")

# %%
# The coarse image tells most of what there is to tell: the bits fall by what it says. The three
# draws differ where it leaves things open.
#
# Exercises
# ---------
#
# 1. A density for each class is a classifier: by Bayes' rule the class of the highest density is
#    the most likely one, where all are equally frequent. How often is it right on fresh images?
# 2. Which fresh images are the least likely, given their class?
# 3. How many bits does the class tell? Compare with a condition that is always the same.
#
# Solutions
# ---------
#
# 1. It was never trained to tell classes apart.

each = np.stack(
    [by_class.log_prob(images[fresh], np.eye(10, dtype=np.float32)[digit]) for digit in range(10)]
)
right = np.mean(each.argmax(axis=0) == classes[fresh])
print(f"right for {right:.1%} of the fresh images")

# %%
# 2. Unusual shapes, and some that are hard to read.

unlikely = np.argsort(np.asarray(by_class.log_prob(images[fresh], one_hot[fresh])))[:10] + 1_500
print("classes", classes[unlikely])
show([images[unlikely]])

# %%
# 3. At most :math:`\log_2 10 / 64 = 0.05` bits a pixel can be gained, since the class is worth no
#    more than 3.3 bits in all.

blind, _ = fitted(np.ones((len(images), 1), np.float32))
without = bits(blind.log_prob(images[fresh], np.ones((len(images) - 1_500, 1), np.float32)))
print(f"without the class {without:.2f} bits a pixel, with it {reached:.2f}")
