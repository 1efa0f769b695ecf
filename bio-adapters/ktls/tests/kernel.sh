#!/usr/bin/env bash
# Runs the tests on a kernel that has TLS, in an emulator, for machines whose own kernel has none:
#   kernel.sh              Debian's kernel for virtual machines
#   kernel.sh IMAGE.deb    another linux-image package
# Needs apt-get, and as packages qemu-system-x86, busybox-static, cpio and kmod. No root.
set -euo pipefail
package=${1:+$(realpath "$1")}
cd "$(dirname "$0")/.."
tests=$(cargo test -p wantls-ktls --test system --no-run --message-format=json |
    sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -1)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
if [ -z "$package" ]; then
    image=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9]\)/\1/p' | head -1)
    apt-get download "$image"
    package=$(echo linux-image-*.deb)
fi
dpkg-deb -x "$package" image
version=$(basename image/boot/vmlinuz-* | cut -d- -f2-)
modules=$(find image -type d -path "*/modules/$version/kernel")

# A root of busybox, the modules that kernel TLS may want, and the tests.
mkdir -p root/{bin,sbin,proc,sys,dev,tmp}
cp "$(command -v busybox)" root/bin/busybox
cp "$tests" root/tests
ldd "$tests" | grep -o '/[^ ]*' | while read -r library; do
    install -D "$library" "root$library"
done
for part in net/tls crypto arch/x86/crypto lib/crypto; do
    [ -d "$modules/$part" ] || continue
    mkdir -p "root/lib/modules/$version/kernel/$part"
    cp -r "$modules/$part/." "root/lib/modules/$version/kernel/$part"
done
find root/lib/modules -name '*.ko.xz' -exec xz -d {} +
/sbin/depmod -b root "$version" 2>/dev/null
cat > root/init <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
ln -s /bin/busybox /sbin/modprobe
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmp /tmp
ip link set lo up
# Not all of them are modules in every kernel; the kernel asks for some by aliases that busybox does not know.
for module in tls gcm ghash_generic ctr seqiv aesni_intel chacha20poly1305; do modprobe $module 2>/dev/null; done
uname -r
/tests --test-threads=1 && echo "the tests passed"
cat /proc/net/tls_stat
poweroff -f
INIT
chmod +x root/init
(cd root && find . | cpio -o -H newc --quiet | gzip -1) > initrd
timeout 300 qemu-system-x86_64 -accel tcg -cpu max -m 1024 -nographic -no-reboot -kernel "image/boot/vmlinuz-$version" \
    -initrd initrd -append "console=ttyS0 quiet panic=-1" | tr -d '\r' | tee log | grep -v '[[:space:]]0$'
grep -q "the tests passed" log
# A hand-over for each of the six suites at least, both ways: a kernel that refused would have none.
awk '/^Tls[TR]xSw/ && $2 >= 6 { n++ } END { exit n != 2 }' log
