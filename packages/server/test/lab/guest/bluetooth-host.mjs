// bluetooth-host.mjs ADAPTER DEVICE DESCRIPTOR NAME: is a machine with that adapter that uses the Bluetooth
// keyboard and mouse at the address DEVICE. It opens their two channels, chooses the report protocol and
// prints the answer in hex; then the kernel has them as input devices of that name, as bluetoothd's own
// plugin would do it. SIGTERM ends the connection, SIGHUP unplugs the virtual cable.
import koffi from 'koffi';

const [, , adapter, device, descriptor, name] = process.argv;
/** <bluetooth/bluetooth.h>, <bluetooth/l2cap.h>, <bluetooth/hidp.h> */
const AF_BLUETOOTH = 31;
const BTPROTO_L2CAP = 0;
const BTPROTO_HIDP = 6;
const HIDPCONNADD = 0x400448c8;
const HIDPCONNDEL = 0x400448c9;
const VIRTUAL_CABLE_UNPLUG = 1;
const PARSER_VERSION = 0x0111;
/** <sys/socket.h> */
const SOCK_RAW = 3;
const SOCK_SEQPACKET = 5;
const PSM = { control: 17, interrupt: 19 };
const SET_PROTOCOL_REPORT = Uint8Array.of(0x71);

const libc = koffi.load(null);
const socket = libc.func('int socket(int domain, int type, int protocol)');
const bind = libc.func('int bind(int fd, const void *address, uint32_t length)');
const connect = libc.func('int connect(int fd, const void *address, uint32_t length)');
const send = libc.func('long send(int fd, const void *data, size_t bytes, int flags)');
const recv = libc.func('long recv(int fd, void *into, size_t bytes, int flags)');
koffi.struct('hidp_connadd_req', {
  ...{ ctrl_sock: 'int', intr_sock: 'int', parser: 'uint16_t', rd_size: 'uint16_t' },
  ...{ rd_data: 'const uint8_t *', country: 'uint8_t', subclass: 'uint8_t', vendor: 'uint16_t' },
  ...{ product: 'uint16_t', version: 'uint16_t', flags: 'uint32_t', idle_to: 'uint32_t' },
  name: koffi.array('char', 128),
});
koffi.struct('hidp_conndel_req', { bdaddr: koffi.array('uint8_t', 6), flags: 'uint32_t' });
const add = libc.func('int ioctl(int fd, unsigned long request, const hidp_connadd_req *what)');
const remove = libc.func('int ioctl(int fd, unsigned long request, const hidp_conndel_req *what)');

function checked(what, result) {
  if (result >= 0) return result;
  throw new Error(`${what}: error ${koffi.errno()}`);
}

/** The kernel has them from their end. */
function bytesOf(address) {
  return address
    .split(':')
    .map((byte) => Number.parseInt(byte, 16))
    .reverse();
}

/** struct sockaddr_l2 */
function l2capAddress(address, psm) {
  return Uint8Array.of(AF_BLUETOOTH, 0, psm, 0, ...bytesOf(address), 0, 0, 0, 0);
}

function open(psm) {
  const fd = checked('socket', socket(AF_BLUETOOTH, SOCK_SEQPACKET, BTPROTO_L2CAP));
  const from = l2capAddress(adapter, 0);
  checked('bind', bind(fd, from, from.length));
  const to = l2capAddress(device, psm);
  checked(`channel ${psm}`, connect(fd, to, to.length));
  return fd;
}

const ctrl_sock = open(PSM.control);
const intr_sock = open(PSM.interrupt);
checked('send', send(ctrl_sock, SET_PROTOCOL_REPORT, SET_PROTOCOL_REPORT.length, 0));
const answer = Buffer.alloc(64);
console.log(answer.toString('hex', 0, checked('recv', recv(ctrl_sock, answer, answer.length, 0))));
const rd_data = Buffer.from(descriptor, 'hex');
const hidp = checked('socket', socket(AF_BLUETOOTH, SOCK_RAW, BTPROTO_HIDP));
const ids = { country: 0, subclass: 0, vendor: 0, product: 0, version: 0 };
const request = { ctrl_sock, intr_sock, rd_size: rd_data.length, rd_data, ...ids };
const more = { parser: PARSER_VERSION, flags: 0, idle_to: 0, name };
checked('HIDPCONNADD', add(hidp, HIDPCONNADD, { ...request, ...more }));
console.log('connected');

function end(flags) {
  checked('HIDPCONNDEL', remove(hidp, HIDPCONNDEL, { bdaddr: bytesOf(device), flags }));
  process.exit();
}
process.once('SIGTERM', () => end(0));
process.once('SIGHUP', () => end(VIRTUAL_CABLE_UNPLUG));
setInterval(() => undefined, 2 ** 30);
