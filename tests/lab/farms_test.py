# SPDX-License-Identifier: Apache-2.0
"""The matrix on farms: a real Slurm on loopback, GNU parallel, and what a Kubernetes API would say to the Job. The hosts are emulated ones."""
import collections
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import kubernetes.client
import yaml

from lab import BUILD, ROOT

PARLEY = ["qemu-ppc64le", str(BUILD / "src" / "parley"), "matrix"]
MATRIX = str(ROOT / "lab" / "matrix")
SLURM = ROOT / "lab" / "slurm"
HOSTS = ["host.power11.compat.power10.api.v2.kernel.fixed", "host.power9.compat.power9.api.v1.kernel.unfixed"]
CELLS = [f"{host}.guest.{level}.forced" for host in HOSTS for level in ("power9", "power11")]


def output(*command, **options):
    return subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=300, check=True, **options).stdout


def processes(condition):
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if condition(entry):
                yield int(entry.name)


def wait_for(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(condition)
        time.sleep(0.2)
    return found


class FarmTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        output(*PARLEY, "plan", "--hosts", ",".join(HOSTS), "--levels", "power9,power11", "--force", "--out", self.folder / "plan")
        self.assertEqual((self.folder / "plan").read_text().split(), CELLS)

    def merged(self, folder):
        return output(*PARLEY, "merge", folder, "--format", "json")

    def assert_is_what_one_machine_makes_of_it(self):
        """lab/matrix boots each host once and tries both levels on it; the farm has booted one for each cell."""
        with tempfile.TemporaryDirectory() as folder:
            for host in HOSTS:
                cpu, level, api, kernel = re.fullmatch(r"host\.(.*)\.compat\.(.*)\.api\.(.*)\.kernel\.(.*)", host).groups()
                output(MATRIX, "--cpu", cpu, "--max-compat", level if level != cpu else "none", "--api", api, "--kernel", kernel, "--levels", "power9,power11",
                       "--force", "--out", pathlib.Path(folder, host), stderr=subprocess.DEVNULL)
                shutil.copy(pathlib.Path(folder, host, "results", f"{host}.json"), folder)
            shutil.copy(self.folder / "plan", folder)
            self.assertEqual(self.merged(self.folder), self.merged(folder))
        cells = [cell for host in json.loads(self.merged(self.folder))["hosts"] for cell in host["cells"]]
        self.assertEqual([cell["id"] for cell in cells], CELLS)
        self.assertEqual([cell["verdict"] for cell in cells], ["works", "refused as expected"] * 2)


class Slurm(FarmTest):
    def setUp(self):
        super().setUp()
        cluster = subprocess.Popen([SLURM / "cluster", "--nodes", "2", "--", "sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

        def clean_up():
            cluster.communicate(timeout=60)
            self.assertEqual(cluster.returncode, 0)
            self.assertFalse(self.configuration.parent.exists())
        self.addCleanup(clean_up)
        self.inside = cluster.stdin
        self.in_cluster("echo $SLURM_CONF")
        self.configuration = pathlib.Path(cluster.stdout.readline().strip())
        self.environment = {**os.environ, "SLURM_CONF": str(self.configuration), "PARLEY_MATRIX": MATRIX}

    def in_cluster(self, line):
        """What is started there is ended with it."""
        self.inside.write(line + "\n")
        self.inside.flush()

    def slurm(self, *command):
        return output(*command, env=self.environment)

    def submit(self):
        return self.slurm(SLURM / "submit", self.folder).split()

    def wait_for_the_end(self):
        wait_for(lambda: self.slurm("squeue", "-h") == "")

    def test_an_array_for_each_level_gives_what_one_machine_does(self):
        self.assertEqual(len(self.submit()), 2)
        constraints = dict(line.split() for line in self.slurm("squeue", "-h", "-o", "%K %f").splitlines())
        self.assertEqual(constraints, {"0-1": "power10", "2-3": "power9"})
        self.wait_for_the_end()
        self.assertEqual(list(self.folder.glob("*.error")), [])
        self.assert_is_what_one_machine_makes_of_it()

    def test_a_worker_killed_with_its_node_loses_and_doubles_no_cell(self):
        self.submit()

        def on_node_1(entry):
            return b"SLURMD_NODENAME=n1" in (entry / "environ").read_bytes().split(b"\0")

        def emulators():
            return list(processes(lambda entry: on_node_1(entry) and (entry / "comm").read_text().startswith("qemu-system")))
        wait_for(emulators)
        killed = self.slurm("squeue", "-h", "-w", "n1", "-o", "%F_%K").split()
        self.assertEqual(len(killed), 1)
        victims = set(processes(on_node_1))
        parents = {int((pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])) for pid in victims}
        steps = {pid for pid in parents if pathlib.Path(f"/proc/{pid}/comm").read_text().startswith("slurmstepd")}
        self.assertEqual(len(steps), 1)
        node = int((self.configuration.parent / "n1.pid").read_text())
        for pid in [node, *steps, *victims]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        before = self.merge_now()
        self.assertGreater(before["lost"], 0)
        self.in_cluster("slurmd -N n1")
        self.wait_for_the_end()
        restarts = collections.Counter(line.partition("=")[2] for line in self.slurm("scontrol", "show", "job").split() if line.startswith("Restarts="))
        self.assertEqual(restarts, {"0": 3, "1": 1})
        self.assertEqual(sorted(path.name for path in self.folder.glob("host.*")), sorted(f"{cell}.json" for cell in CELLS))
        self.assert_is_what_one_machine_makes_of_it()

    def merge_now(self):
        done = subprocess.run([*PARLEY, "merge", self.folder, "--format", "json"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        return collections.Counter(cell["verdict"] for host in json.loads(done.stdout)["hosts"] for cell in host["cells"])


class GnuParallel(FarmTest):
    def test_gives_what_one_machine_does_and_repeats_nothing(self):
        def run():
            return subprocess.run(["parallel", "--will-cite", "--jobs", "2", MATRIX, "--cell", "{}", "--results", self.folder, "::::", self.folder / "plan"],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=True).stderr
        self.assertEqual(run(), "")
        self.assert_is_what_one_machine_makes_of_it()
        self.assertEqual(run().count("has a result already"), len(CELLS))


class Kubernetes(unittest.TestCase):
    """There is no cluster here. What there is: the API's schema, as its client library was generated from it."""

    def complaints(self, value, kind, where="Job"):
        """What the schema does not know. The library itself is content with unknown words."""
        if kind.startswith("list["):
            return [problem for i, item in enumerate(value) for problem in self.complaints(item, kind[5:-1], f"{where}[{i}]")]
        model = getattr(kubernetes.client.models, kind, None)
        if model is None:
            return []
        names = {name: attribute for attribute, name in model.attribute_map.items()}
        found = [f"{where}.{name}" for name in value if name not in names]
        return found + [problem for name, item in value.items() if name in names for problem in self.complaints(item, model.openapi_types[names[name]], f"{where}.{name}")]

    def test_would_take_the_job(self):
        job = yaml.safe_load((ROOT / "lab" / "kubernetes" / "matrix-job.yaml").read_text())
        self.assertEqual(self.complaints(job, "V1Job"), [])
        client = kubernetes.client.ApiClient()
        read = client._ApiClient__deserialize(job, "V1Job")  # wants what is required, and the right types
        self.assertEqual(client.sanitize_for_serialization(read), job)
        (container,) = read.spec.template.spec.containers
        self.assertEqual(container.resources.limits["devices.kubevirt.io/kvm"], "1")
        self.assertEqual(container.args[:3], ["parley", "matrix", "run"])

    def test_would_not_take_anything(self):
        job = yaml.safe_load((ROOT / "lab" / "kubernetes" / "matrix-job.yaml").read_text())
        job["spec"]["complitions"] = 3
        self.assertEqual(self.complaints(job, "V1Job"), ["Job.spec.complitions"])
        del job["spec"]["template"]
        with self.assertRaises(ValueError):
            kubernetes.client.ApiClient()._ApiClient__deserialize(job, "V1Job")


if __name__ == "__main__":
    unittest.main()
