"""The chart: items a second of each way to read a table."""

import statistics

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "dynamodb_kms_fdw"  # the same data make the same file
matplotlib.rcParams["svg.fonttype"] = "none"
matplotlib.rcParams["font.family"] = "sans-serif"

from matplotlib import pyplot  # noqa: E402

COLORS = {
    "libcurl": "#b8c4ce",
    "heap, COPY": "#7d8f9d",
    "ours, COPY": "#1f6feb",
    "ours, aggregates": "#79b0ff",
    "boto3": "#e08a2c",
}
LABELS = {
    "libcurl": "libcurl, following LastEvaluatedKey only",
    "heap, COPY": "COPY from a local heap table",
    "ours, COPY": "COPY from the foreign table",
    "ours, aggregates": "aggregates over the foreign table",
    "boto3": "boto3's paginator",
}


def draw(throughputs, path):
    figure, axes = pyplot.subplots(figsize=(9, 4.5))
    width = 0.8 / len(COLORS)
    for position, (way, color) in enumerate(COLORS.items()):
        places = [place + position * width for place in range(len(throughputs))]
        speeds = [throughput.items_per_second(way) for throughput in throughputs]
        medians = [statistics.median(of_way) for of_way in speeds]
        below = [median - min(of_way) for median, of_way in zip(medians, speeds, strict=True)]
        above = [max(of_way) - median for median, of_way in zip(medians, speeds, strict=True)]
        axes.bar(
            places,
            medians,
            width,
            yerr=[below, above],
            color=color,
            ecolor="#00000080",
            label=LABELS[way],
        )
    axes.set_yscale("log")
    axes.set_ylabel("items per second")
    axes.set_xticks([place + 0.4 - width / 2 for place in range(len(throughputs))])
    axes.set_xticklabels([throughput.shape.name for throughput in throughputs])
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
