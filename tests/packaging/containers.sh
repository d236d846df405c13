# The first program in the namespaces of tests/packaging/containers.py: a private place for what Podman
# keeps, its socket for docker-compose, and, as there is no systemd, what looks after the health checks.
# usage: sh containers.sh FOLDER
set -eu
mount --make-rprivate /
mkdir "$1/storage"
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount --bind "$1/storage" /var/lib/containers
ip link set lo up
# runc, as old crun does not start on new kernels; limits that this user may have.
cat >/run/containers.conf <<END
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=20000:20000"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
init_path = "$(command -v catatonit)"
[network]
network_config_dir = "/run/networks"
END
export CONTAINERS_CONF=/run/containers.conf
podman system service --time 0 unix:///run/podman.sock &
while ! [ -S /run/podman.sock ]; do sleep 0.1; done
touch "$1/up"
while sleep 1; do
  for container in $(podman ps --quiet); do
    timeout 10 podman healthcheck run "$container" >/dev/null 2>&1 || true
  done
done
