#!/usr/bin/env python3
"""The projects of tests/corpus without an engine: what is found is exactly what each says in expected.json, tune works on it, what tune
would write merges, what both print for programs is as its schema says, and no byte of theirs changes. And one defect at a time, planted into the project without any: exactly that one appears.

  corpus.py PLUGIN projects [NAME...]         only these
  corpus.py PLUGIN defects
  corpus.py PLUGIN sees                       that the comparison notices a finding too many and one too few
"""
import concurrent.futures, hashlib, json, os, pathlib, re, shutil, subprocess, sys, tempfile

import validate

CORPUS = pathlib.Path(__file__).resolve().parent.parent / "corpus"
SCHEMAS = {kind: validate.validator(validate.read(CORPUS.parent.parent / "docs" / f"{kind}.schema.json")) for kind in ("tune", "findings")}
PLUGIN, WHAT = sys.argv[1], sys.argv[2]
AWAY = {**{k: v for k, v in os.environ.items() if not k.startswith(("COMPOSE_", "DOCKER_"))}, "DOCKER_HOST": "unix:///nowhere.sock"}


def run(folder, *words, text=None):
    return subprocess.run([PLUGIN, "pilotpros", *words], cwd=folder, env=AWAY, capture_output=True, text=True, input=text, timeout=120)


def state(folder):
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()}


def lint(folder, *words, text=None):
    done = run(folder, "tune", "--lint", "--format", "json", *words, text=text)
    if done.returncode not in (0, 6):
        return [("", f"exit {done.returncode}: {done.stderr.strip()}")]
    document = json.loads(done.stdout)
    found = sorted((f["service"], f["id"]) for f in document["findings"])
    faults = [("", f"no document of findings: {fault}") for fault in validate.faults(SCHEMAS["findings"], document)]
    return faults + (found if (done.returncode == 6) == bool(found) else [("", f"exit {done.returncode} with {len(found)} findings")])


def difference(found, expected):
    lacking, surplus = list(expected), []
    for one in found:
        lacking.remove(one) if one in lacking else surplus.append(one)
    return [f"not found: {one}" for one in lacking] + [f"found, not expected: {one}" for one in surplus]


def merges(folder, document):
    """What would be written lies beside a copy, and Compose reads both."""
    ours = [f for f in document["files"] if f["path"].endswith("compose.yaml")]
    if not ours:
        return []
    with tempfile.TemporaryDirectory() as scratch:
        copy = pathlib.Path(scratch) / "project"
        shutil.copytree(folder, copy)
        for file in document["files"]:
            path = copy / file["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file["content"])
        names = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
        over = ("compose.override.yaml", "compose.override.yml", "docker-compose.override.yaml", "docker-compose.override.yml")
        files = [next(n for n in names if (copy / n).exists()), *[n for n in over if (copy / n).exists()][:1], ours[0]["path"]]
        done = subprocess.run(["docker", "compose", *[w for f in files for w in ("-f", f)], "config", "-q"], cwd=copy, env=AWAY, capture_output=True, text=True)
        return [f"what tune would write does not merge: {done.stderr.strip()}"] if done.returncode else []


def project(folder):
    expected = json.loads((folder / "expected.json").read_text())
    before = state(folder)
    complaints = difference(lint(folder), sorted((f["service"], f["id"]) for f in expected["findings"] for _ in range(f.get("times", 1))))
    done = run(folder, "tune", "--format", "json")
    if done.returncode != 2:  # done, without an engine
        complaints.append(f"tune: exit {done.returncode}: {done.stderr.strip()}")
    else:
        document = json.loads(done.stdout)
        complaints += [f"no document of a Plan: {fault}" for fault in validate.faults(SCHEMAS["tune"], document)]
        complaints += merges(folder, document)
    if state(folder) != before:
        complaints.append("a file changed")
    return folder.name, complaints


# What is planted into recipe-corrected: service, the finding that appears, the text that goes, what comes.
DEFECTS = [
    ("", "version-obsolete", "services:\n  postgres:", 'version: "3.8"\nservices:\n  postgres:'),
    ("", "fixed-subnet", "\nvolumes:\n", "\nnetworks:\n  default:\n    ipam: {config: [{subnet: 172.20.0.0/16}]}\n\nvolumes:\n"),
    ("", "bridge-option-is-default", "\nvolumes:\n", "\nnetworks:\n  default:\n    driver_opts: {com.docker.network.driver.mtu: 1500}\n\nvolumes:\n"),
    ("nginx", "tmpfs-fills-limit", '    ports:\n      - "80:80"\n', '    ports:\n      - "80:80"\n    tmpfs: "/var/cache/nginx:size=60m"\n'),
    ("n8n", "node-options-refused", "--max-old-space-size=896", '"--max-old-space-size=896 --optimize-for-size"'),
    ("backend", "node-options-refused", "--max-old-space-size=256", '"--max-old-space-size=256 --gc-interval=100"'),
    ("backend", "heap-above-limit", "--max-old-space-size=256", "--max-old-space-size=1024"),
    ("n8n", "n8n-unknown-variable", 'N8N_CONCURRENCY_PRODUCTION_LIMIT: "10"', 'N8N_CONCURRENCY: "10"'),
    *(("n8n", id, 'N8N_CONCURRENCY_PRODUCTION_LIMIT: "10"', f'N8N_CONCURRENCY_PRODUCTION_LIMIT: "10"\n      {line}') for id, line in (
        ("n8n-unknown-variable", "N8N_EXECUTION_PROCESS: main"), ("n8n-unknown-variable", 'DB_POSTGRESDB_POOL_CONNECTION_TIMEOUT: "60000"'),
        ("n8n-unknown-variable", 'N8N_RUNNERS_MAX_PAYLOAD_SIZE: "1"'), ("n8n-unknown-variable", 'N8N_BINARY_DATA_BUFFER_SIZE: "1"'),
        ("n8n-variable-of-another-version", 'N8N_RUNNERS_ENABLED: "true"'))),
    ("backend", "undeclared-volume", "    init: true\n", "    init: true\n    volumes: ['backend_src:/app/src']\n"),
    ("nginx", "limits-contradict", "    deploy:\n      resources:\n        limits:\n          cpus: \"0.5\"\n          memory: 64M\n", "    mem_limit: 96m\n    deploy:\n      resources:\n        limits:\n          cpus: \"0.5\"\n          memory: 64M\n"),
    ("n8n", "n8n-grace-too-short", "    stop_grace_period: 40s\n", ""),
    ("postgres", "comment-in-command", re.compile(r"    command:\n(      - .*\n)+"), "    command: >\n      postgres\n      -c config_file=/etc/postgresql/postgresql.conf\n      -c work_mem=8MB # for sorts\n"),
    ("postgres", "volume-above-data", "postgres_data:/var/lib/postgresql/data", "postgres_data:/var/lib/postgresql"),
    ("postgres", "postgres-data-not-on-a-named-volume", "      - postgres_data:/var/lib/postgresql/data\n", ""),
    ("postgres", "postgres-mount-refused", "image: postgres:15-alpine", "image: postgres:18-alpine"),
    ("postgres", "postgres-mount-refused", "image: postgres:15-alpine", "image: postgres:alpine"),
    ("postgres", "postgres-file-not-read", "      - -c\n      - config_file=/etc/postgresql/postgresql.conf\n", ""),
    ("postgres", "postgres-shm-too-small", "    shm_size: 512m\n", ""),
    ("postgres", "postgres-worst-case-over-limit", "max_parallel_workers_per_gather=2\n", "max_parallel_workers_per_gather=2\n      - -c\n      - work_mem=16MB\n      - -c\n      - max_connections=100\n"),
    ("postgres", "postgres-cache-size-above-limit", "max_parallel_workers_per_gather=2\n", "max_parallel_workers_per_gather=2\n      - -c\n      - effective_cache_size=4GB\n"),
    ("postgres", "pools-over-max-connections", "max_parallel_workers_per_gather=2\n", "max_parallel_workers_per_gather=2\n      - -c\n      - max_connections=20\n"),
    ("postgres", "pg-isready-on-socket", '"-h", "127.0.0.1", ', ""),
    ("postgres", "pg-isready-orphan", '["CMD", "pg_isready", "-q", "-h", "127.0.0.1", "-U", "flowdesk", "-d", "flowdesk"]', '"pg_isready -q -h 127.0.0.1 -U flowdesk -d flowdesk || exit 1"'),
    ("postgres", "reserved-cpus-ignored", "        reservations:\n", '        reservations:\n          cpus: "0.5"\n'),
    ("postgres", "database-on-every-interface", "127.0.0.1:5432:5432", "5432:5432"),
    ("nginx", "probe-localhost", "http://127.0.0.1/health", "http://localhost/health"),
    ("n8n", "slow-first-probe", "      interval: 15s\n      timeout: 5s\n      start_period: 120s\n      start_interval: 2s\n", "      timeout: 5s\n      start_period: 120s\n"),
    ("n8n", "slow-first-probe", "      interval: 15s\n      timeout: 5s\n      start_period: 120s\n      start_interval: 2s\n", "      timeout: 5s\n"),
    ("n8n", "timeout-not-below-interval", "      interval: 15s\n      timeout: 5s\n", "      interval: 15s\n      timeout: 30s\n"),
    ("backend", "mount-option-ignored", "    init: true\n", "    init: true\n    volumes: ['./backend/src:/app/src:cached']\n"),
    ("backend", "mount-twice", "    init: true\n", "    init: true\n    volumes: ['n8n_data:/app/src', './backend/src:/app/src']\n"),
    ("nginx", "no-memory-limit", '          cpus: "0.5"\n          memory: 64M\n', '          cpus: "0.5"\n'),
    ("nginx", "no-health-check", re.compile(r'    healthcheck:\n.*/health"\]\n      interval: 10s\n.*\n'), ""),
    ("nginx", "development-server", '    ports:\n      - "80:80"\n', '    ports:\n      - "80:80"\n    command: npx vite\n'),
    ("nginx", "development-server", '    ports:\n      - "80:80"\n', '    ports:\n      - "80:80"\n    command: npm run start:dev\n'),
]


def defect(index):
    service, finding, gone, come = DEFECTS[index]
    text = (CORPUS / "recipe-corrected" / "compose.yaml").read_text()
    changed = gone.sub(come, text, count=1) if isinstance(gone, re.Pattern) else text.replace(gone, come, 1)
    if changed == text:
        return finding, ["nothing was planted"]
    with tempfile.TemporaryDirectory() as scratch:
        copy = pathlib.Path(scratch) / "project"
        shutil.copytree(CORPUS / "recipe-corrected", copy)
        (copy / "compose.yaml").write_text(changed)
        complaints = difference(lint(copy), [(service, finding)])
        # Piped in it is the same project.
        complaints += ["piped in: " + one for one in difference(lint(copy, "-f", "-", text=changed), [(service, finding)])]
        return f"{service or 'the project'}: {finding}", complaints


def sees():
    found = [("a", "x"), ("a", "x"), ("b", "y")]
    return "the comparison", [what for what, wrong in (
        ("a finding too many", not difference(found, found[1:])), ("one too few", not difference(found[1:], found)),
        ("a false alarm", bool(difference(found, found)))) if wrong]


with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    if WHAT == "projects":
        results = list(pool.map(project, sorted(p.parent for p in CORPUS.glob("*/expected.json") if not sys.argv[3:] or p.parent.name in sys.argv[3:])))
    elif WHAT == "defects":
        results = list(pool.map(defect, range(len(DEFECTS))))
    else:
        results = [sees()]
failed = [(name, complaints) for name, complaints in results if complaints]
for name, complaints in failed:
    print(name, *complaints, sep="\n    ")
print(f"{len(results) - len(failed)} of {len(results)}")
sys.exit(bool(failed) or not results)
