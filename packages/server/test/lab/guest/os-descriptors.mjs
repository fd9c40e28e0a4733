// os-descriptors.mjs DEVICE: asks a USB device (/dev/bus/usb/BUS/NUMBER) what Windows asks: the string 0xee and,
// by the code in it, the compatible ID (Microsoft OS descriptors 1.0). Prints both as JSON, in hex; null for
// what it does not answer.
import { openSync } from 'node:fs';
import koffi from 'koffi';

const STRING = 0xee;
const COMPATIBLE_ID = 4;
const [FROM_DEVICE, FROM_VENDOR] = [0x80, 0xc0];
const GET_DESCRIPTOR = 6;
const TIMEOUT_MS = 5000;
/** Linux uapi/linux/usbdevice_fs.h. */
const USBDEVFS_CONTROL = 0xc0185500;
koffi.struct('usbdevfs_ctrltransfer', {
  ...{ bRequestType: 'uint8_t', bRequest: 'uint8_t', wValue: 'uint16_t', wIndex: 'uint16_t' },
  ...{ wLength: 'uint16_t', timeout: 'uint32_t', data: 'void *' },
});
const ioctl = koffi
  .load('libc.so.6')
  .func('int ioctl(int fd, unsigned long request, usbdevfs_ctrltransfer *transfer)');

const fd = openSync(process.argv[2], 'r+');

function ask(bRequestType, bRequest, wValue, wIndex) {
  const data = Buffer.alloc(255);
  const request = { bRequestType, bRequest, wValue, wIndex, wLength: data.length };
  const length = ioctl(fd, USBDEVFS_CONTROL, { ...request, timeout: TIMEOUT_MS, data });
  return length < 0 ? null : data.subarray(0, length);
}

const string = ask(FROM_DEVICE, GET_DESCRIPTOR, (3 << 8) | STRING, 0);
const compatible = string && ask(FROM_VENDOR, string[16], 0, COMPATIBLE_ID);
console.log(JSON.stringify([string, compatible].map((bytes) => bytes?.toString('hex'))));
