# SPDX-License-Identifier: Apache-2.0
"""The matrix on farms: a real Slurm on loopback, GNU parallel, and the schema of the Kubernetes API. All hosts are
emulated."""

import collections
import contextlib
import functools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

import kubernetes.client
import yaml

from lab import MATRIX, PARLEY, ROOT, parent_of, processes, wait_for

SLURM = ROOT / "lab" / "slurm"
HOSTS = ["host.power11.compat.power10.api.v2.kernel.fixed", "host.power9.compat.power9.api.v1.kernel.unfixed"]
CELLS = [f"{host}.guest.{level}.forced" for host in HOSTS for level in ("power9", "power11")]


def output(*command, **options):
    return subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        timeout=300,
        check=True,
        **options,
    ).stdout


@functools.cache
def report_of_one_machine():
    """The report of the same cells from lab/matrix, which boots each host once for both levels; a farm boots it per
    cell."""
    with tempfile.TemporaryDirectory() as folder:
        for host in HOSTS:
            cpu, level, api, kernel = re.fullmatch(r"host\.(.*)\.compat\.(.*)\.api\.(.*)\.kernel\.(.*)", host).groups()
            axes = ["--cpu", cpu, "--max-compat", level if level != cpu else "none", "--api", api, "--kernel", kernel]
            cells = ["--levels", "power9,power11", "--force"]
            output(MATRIX, *axes, *cells, "--out", pathlib.Path(folder, host), stderr=subprocess.DEVNULL)
            shutil.copy(pathlib.Path(folder, host, "results", f"{host}.json"), folder)
        pathlib.Path(folder, "plan").write_text("\n".join(CELLS))
        return merged(folder)


def merged(folder):
    return output(*PARLEY, "matrix", "merge", folder, "--format", "json")


class FarmTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        cells = ["--hosts", ",".join(HOSTS), "--levels", "power9,power11", "--force"]
        output(*PARLEY, "matrix", "plan", *cells, "--out", self.folder / "plan")
        self.assertEqual((self.folder / "plan").read_text().split(), CELLS)

    def assert_equals_the_report_of_one_machine(self):
        self.assertEqual(merged(self.folder), report_of_one_machine())
        cells = [cell for host in json.loads(merged(self.folder))["hosts"] for cell in host["cells"]]
        self.assertEqual([cell["id"] for cell in cells], CELLS)
        self.assertEqual([cell["verdict"] for cell in cells], ["works", "refused as expected"] * 2)


class Slurm(FarmTest):
    def start_cluster(self):
        """Starts a cluster of two nodes, which runs until the test ends."""
        cluster = subprocess.Popen(
            [SLURM / "cluster", "--nodes", "2", "--", "sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

        def clean_up():
            try:
                cluster.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                cluster.terminate()
                cluster.communicate()
            self.assertEqual(cluster.returncode, 0)
            self.assertFalse(self.configuration.parent.exists())

        self.addCleanup(clean_up)
        self.inside = cluster.stdin
        self.in_cluster("echo $SLURM_CONF")
        self.configuration = pathlib.Path(cluster.stdout.readline().strip())
        self.environment = {**os.environ, "SLURM_CONF": str(self.configuration), "PARLEY_MATRIX": MATRIX}

    def in_cluster(self, line):
        """Runs a line in the cluster's shell; its processes end with the cluster."""
        self.inside.write(line + "\n")
        self.inside.flush()

    def slurm(self, *command):
        return output(*command, env=self.environment)

    def test_a_job_array_gives_the_report_of_one_machine(self):
        """With the command of docs/farms.md, and a plan with a comment and an empty line."""
        plan = self.folder / "plan"
        plan.write_text("# the first cells\n\n" + plan.read_text())
        submit = ["env", f"PARLEY_MATRIX={MATRIX}", SLURM / "submit", self.folder, "--wait"]
        jobs = output(SLURM / "cluster", "--nodes", "2", "--", *submit).split()
        self.assertEqual(len(jobs), 2)
        self.assertEqual(list(self.folder.glob("*.error")), [])
        self.assert_equals_the_report_of_one_machine()

    def test_a_worker_killed_with_its_node_loses_and_doubles_no_cell(self):
        self.start_cluster()
        jobs = self.slurm(SLURM / "submit", self.folder, "--hold").split()
        constraints = dict(line.split() for line in self.slurm("squeue", "-h", "-o", "%K %f").splitlines())
        self.assertEqual(constraints, {"0-1": "power10", "2-3": "power9"})
        self.slurm("scontrol", "release", ",".join(jobs))

        def on_node_1(entry):
            return b"SLURMD_NODENAME=n1" in (entry / "environ").read_bytes().split(b"\0")

        def emulators():
            return list(
                processes(lambda entry: on_node_1(entry) and (entry / "comm").read_text().startswith("qemu-system"))
            )

        wait_for(emulators)
        self.assertEqual(len(self.slurm("squeue", "-h", "-w", "n1", "-o", "%A").split()), 1)
        victims = set(processes(on_node_1))
        steps = set(
            processes(
                lambda entry: (entry / "comm").read_text().startswith("slurmstepd")
                and victims & set(processes(lambda child: parent_of(child) == int(entry.name)))
            )
        )
        self.assertEqual(len(steps), 1)
        node = int((self.configuration.parent / "n1.pid").read_text())
        for pid in [node, *steps, *victims]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.assertGreater(self.merge_now()["lost"], 0)
        self.in_cluster("slurmd -N n1")
        wait_for(lambda: self.slurm("squeue", "-h") == "", 300)
        restarts = [
            int(word.partition("=")[2])
            for word in self.slurm("scontrol", "show", "job").split()
            if word.startswith("Restarts=")
        ]
        self.assertEqual(len(restarts), len(CELLS))
        self.assertGreater(sum(restarts), 0)
        self.assertEqual(
            sorted(path.name for path in self.folder.glob("host.*.json")), sorted(f"{cell}.json" for cell in CELLS)
        )
        self.assertEqual(list(self.folder.glob("*.error")), [])
        self.assert_equals_the_report_of_one_machine()

    def merge_now(self):
        done = subprocess.run(
            [*PARLEY, "matrix", "merge", self.folder, "--format", "json"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return collections.Counter(
            cell["verdict"] for host in json.loads(done.stdout)["hosts"] for cell in host["cells"]
        )


class GnuParallel(FarmTest):
    def test_gives_the_report_of_one_machine_and_repeats_nothing(self):
        def run():
            return subprocess.run(
                ["parallel", "--will-cite", "--jobs", "2"]
                + [MATRIX, "--cell", "{}", "--results", self.folder, "::::", self.folder / "plan"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=300,
                check=True,
            ).stderr

        self.assertEqual(run(), "")
        self.assert_equals_the_report_of_one_machine()
        self.assertEqual(run().count("already has a result"), len(CELLS))


class Kubernetes(unittest.TestCase):
    """Without a cluster: checked against the API's schema, from which the client library is generated."""

    def complaints(self, value, kind, where="Job"):
        """The properties that the schema does not know; the library itself accepts unknown properties."""
        if kind.startswith("list["):
            return [
                problem
                for i, item in enumerate(value)
                for problem in self.complaints(item, kind[5:-1], f"{where}[{i}]")
            ]
        model = getattr(kubernetes.client.models, kind, None)
        if model is None:
            return []
        names = {name: attribute for attribute, name in model.attribute_map.items()}
        found = [f"{where}.{name}" for name in value if name not in names]
        return found + [
            problem
            for name, item in value.items()
            if name in names
            for problem in self.complaints(item, model.openapi_types[names[name]], f"{where}.{name}")
        ]

    def test_accepts_the_job(self):
        job = yaml.safe_load((ROOT / "lab" / "kubernetes" / "matrix-job.yaml").read_text())
        self.assertEqual(self.complaints(job, "V1Job"), [])
        client = kubernetes.client.ApiClient()
        read = client._ApiClient__deserialize(job, "V1Job")  # checks required properties and types
        self.assertEqual(client.sanitize_for_serialization(read), job)
        (container,) = read.spec.template.spec.containers
        self.assertEqual(container.resources.limits["devices.kubevirt.io/kvm"], "1")
        self.assertEqual(container.command[:3], ["parley", "matrix", "run"])

    def test_rejects_unknown_and_missing_properties(self):
        job = yaml.safe_load((ROOT / "lab" / "kubernetes" / "matrix-job.yaml").read_text())
        job["spec"]["complitions"] = 3
        self.assertEqual(self.complaints(job, "V1Job"), ["Job.spec.complitions"])
        del job["spec"]["template"]
        with self.assertRaises(ValueError):
            kubernetes.client.ApiClient()._ApiClient__deserialize(job, "V1Job")


if __name__ == "__main__":
    unittest.main()
