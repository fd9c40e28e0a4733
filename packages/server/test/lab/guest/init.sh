#!/bin/sh
# The first process of a lab machine, on this host's own files: prepares the rest and starts the agent.
# LAB_NODE, LAB_DIR, LAB_MODULES and LAB_ADDRESS come from the kernel's command line.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
mount -t sysfs sys /sys
for dir in /run /tmp /var/tmp /dev/shm; do
  mkdir -p $dir
  mount -t tmpfs tmp $dir -o mode=1777
done
mkdir -p /lib/modules
mount --bind "$LAB_MODULES" /lib/modules
modprobe -a configfs virtio_net virtio_console virtio_rng
mount -t configfs config /sys/kernel/config
busybox ip link set lo up
busybox ip link set eth0 up
busybox ip addr add "$LAB_ADDRESS/24" dev eth0
# As our package makes it: the user, and the names and owners of devices.
echo 'crashcart:x:990:990::/var/lib/crashcart:/usr/sbin/nologin' >> /etc/passwd
echo 'crashcart:x:990:' >> /etc/group
# Who cloned below /root keeps it to himself; the layer in memory does not.
set --
dir=$LAB_DIR
while [ "$dir" ]; do
  set -- "$@" "$dir"
  dir=${dir%/*}
done
chmod o+x "$@"
cp "$LAB_DIR"/../../../../../packaging/udev/*.rules /etc/udev/rules.d/
/lib/systemd/systemd-udevd --daemon
for port in /sys/class/virtio-ports/*; do
  [ "$(cat "$port/name")" = lab.agent ] && agent=/dev/${port##*/}
done
"$LAB_NODE" "$LAB_DIR/agent.mjs" "$agent"
echo "the agent ended with $?"
echo o > /proc/sysrq-trigger
