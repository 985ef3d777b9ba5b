"""Sets the outcomes of `cargo xtask accuracy --json` and of `accuracy.py` side by side, as Markdown.

    pip install scipy==1.17.1
    python accuracy_table.py ../../../docs/accuracy-embedded.jsonl

Of the test accuracies of a set and a program: mean and standard deviation over seeds. The interval of
the difference of means is Welch's, by Student's t distribution: seeds are independent, and the two
programs' seeds have nothing to do with each other. The test images are the same throughout, so it
says how sure the difference is for them, not for other images.
"""

import json
import pathlib
import statistics
import sys

from scipy.stats import ttest_ind


def main():
    accuracies = {}
    for line in pathlib.Path(sys.argv[1]).read_text().splitlines():
        outcome = json.loads(line)
        program = "ours" if outcome["program"].startswith("ours ") else "torch"
        of_set = accuracies.setdefault(outcome["set"], {"ours": [], "torch": []})
        of_set[program].append(100 * outcome["right"] / outcome["count"])
    print("| set | seeds | ours, % | PyTorch, % | difference, points | 95 % interval |")
    print("|---|---:|---:|---:|---:|---|")
    for name, of_set in accuracies.items():
        ours, torch = of_set["ours"], of_set["torch"]
        told = " | ".join(
            f"{statistics.mean(values):.2f} ± {statistics.stdev(values):.2f}"
            for values in (ours, torch)
        )
        difference = statistics.mean(ours) - statistics.mean(torch)
        interval = ttest_ind(ours, torch, equal_var=False).confidence_interval(0.95)
        seeds = " and ".join(str(n) for n in sorted({len(ours), len(torch)}))
        print(
            f"| {name} | {seeds} | {told} | {difference:+.2f} "
            f"| {interval.low:+.2f} to {interval.high:+.2f} |"
        )


if __name__ == "__main__":
    main()
