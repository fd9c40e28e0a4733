/**
 * Runs in a page of the server: watches a path for `count` pictures, and gives the number in the
 * pixels of each and when they could be read, ms since 1970. Numbers that were seen before are left
 * out.
 */
export async function readNumbers({ path, count, bits, cell }) {
  const [canvas, strip] = [new OffscreenCanvas(1920, 1080), new OffscreenCanvas(bits * cell, cell)];
  const whole = canvas.getContext('2d', { alpha: false, willReadFrequently: true });
  const small = strip.getContext('2d', { alpha: false, willReadFrequently: true });
  const numberIn = (context) => {
    const { data } = context.getImageData(0, cell / 2, bits * cell, 1);
    let number = 0;
    for (let bit = 0; bit < bits; bit++) {
      if (data[(bit * cell + cell / 2) * 4] > 127) number |= 1 << bit;
    }
    return number;
  };
  const now = () => performance.timeOrigin + performance.now();
  const readings = [];
  let last = -1;
  let done;
  const finished = new Promise((resolve) => {
    done = resolve;
  });
  const note = (number, atMs) => {
    if (number !== last) readings.push([number, atMs]);
    last = number;
    if (readings.length >= count) done();
  };
  const open = (format, onBytes) => {
    const socket = new WebSocket(`/api/media/ws?video=${format}`);
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) => onBytes(data);
    return () => socket.close();
  };
  const paths = {
    tiles() {
      let work = Promise.resolve();
      return open('tiles', (buffer) => {
        const view = new DataView(buffer);
        const bitmaps = [];
        for (let at = 20; at < buffer.byteLength; ) {
          const bytes = view.getUint32(at + 8);
          const jpeg = new Blob([new Uint8Array(buffer, at + 12, bytes)], { type: 'image/jpeg' });
          bitmaps.push([createImageBitmap(jpeg), view.getUint16(at), view.getUint16(at + 2)]);
          at += 12 + bytes;
        }
        work = work.then(async () => {
          for (const [bitmap, x, y] of bitmaps) whole.drawImage(await bitmap, x, y);
          note(numberIn(whole), now());
        });
      });
    },
    h264() {
      // Brightness of the strip alone: on a canvas all of the picture would become RGB first.
      const rect = { x: 0, y: cell / 2, width: bits * cell, height: 2 };
      const luma = new Uint8Array(bits * cell * 4);
      let copying = Promise.resolve();
      const read = async (frame, atMs) => {
        await frame.copyTo(luma, { rect });
        frame.close();
        let number = 0;
        for (let bit = 0; bit < bits; bit++) {
          if (luma[bit * cell + cell / 2] > 127) number |= 1 << bit;
        }
        note(number, atMs);
      };
      const decoder = new VideoDecoder({
        output(frame) {
          const atMs = now();
          copying = copying.then(() => read(frame, atMs)).catch(done);
        },
        error: done,
      });
      decoder.configure({ codec: 'avc1.42E028', optimizeForLatency: true });
      let timestamp = 0;
      return open('h264', (data) => {
        // The first NAL unit of a key frame is SPS.
        const isKey = (new Uint8Array(data)[4] & 0x1f) === 7;
        const type = isKey ? 'key' : 'delta';
        decoder.decode(new EncodedVideoChunk({ type, timestamp: timestamp++, data }));
      });
    },
    webrtc() {
      const peer = new RTCPeerConnection();
      const video = Object.assign(document.createElement('video'), { muted: true });
      const draw = () => {
        const atMs = now();
        small.drawImage(video, 0, 0, bits * cell, cell, 0, 0, bits * cell, cell);
        note(numberIn(small), atMs);
        video.requestVideoFrameCallback(draw);
      };
      peer.ontrack = ({ track, receiver }) => {
        receiver.jitterBufferTarget = 0;
        video.srcObject = new MediaStream([track]);
        void video.play();
        video.requestVideoFrameCallback(draw);
      };
      void (async () => {
        peer.addTransceiver('video', { direction: 'recvonly' });
        await peer.setLocalDescription();
        const headers = { 'content-type': 'application/sdp' };
        const { sdp: body } = peer.localDescription;
        const answer = await fetch('/api/media/whep', { method: 'POST', headers, body });
        await peer.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
      })().catch(done);
      return () => peer.close();
    },
    mjpeg() {
      const stop = new AbortController();
      // As any viewer should: what comes while a picture is decoded is replaced by what is newer.
      const latin1 = new TextDecoder('latin1');
      let newest;
      let isDecoding = false;
      const decode = async () => {
        isDecoding = true;
        while (newest) {
          const jpeg = new Blob([newest], { type: 'image/jpeg' });
          newest = undefined;
          const bitmap = await createImageBitmap(jpeg);
          small.drawImage(bitmap, 0, 0, bits * cell, cell, 0, 0, bits * cell, cell);
          bitmap.close();
          note(numberIn(small), now());
        }
        isDecoding = false;
      };
      void (async () => {
        const answer = await fetch('/streamer/stream?extra_headers=1', { signal: stop.signal });
        const reader = answer.body.getReader();
        const held = new Uint8Array(8 * 1024 * 1024);
        let length = 0;
        for (;;) {
          const { value } = await reader.read();
          held.set(value, length);
          length += value.length;
          for (;;) {
            const text = latin1.decode(held.subarray(0, Math.min(length, 2048)));
            const head = /Content-Length: (\d+)[\s\S]*?\r\n\r\n/.exec(text);
            if (!head) break;
            const start = head.index + head[0].length;
            const end = start + Number(head[1]);
            if (length < end) break;
            newest = held.slice(start, end);
            if (!isDecoding) decode().catch(done);
            held.copyWithin(0, end, length);
            length -= end;
          }
        }
      })().catch(done);
      return () => stop.abort();
    },
  };
  const close = paths[path]();
  const failure = await finished;
  close();
  if (failure) throw new Error(String(failure));
  return readings;
}

/**
 * Runs in crashcart's page: `window.keyToPixel` is how long it takes from the next press of `code` to
 * a change in the upper two lines of text on the machine's canvas, ms.
 */
export function measureKeys(code) {
  const canvas = document.querySelector('canvas.picture');
  const copy = new OffscreenCanvas(canvas.width, 32);
  const context = copy.getContext('2d', { alpha: false, willReadFrequently: true });
  const read = () => {
    context.drawImage(canvas, 0, 0);
    return new Uint32Array(context.getImageData(0, 0, copy.width, copy.height).data.buffer);
  };
  const isEqual = (one, other) => {
    for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
    return true;
  };
  const before = read();
  window.keyToPixel = new Promise((resolve) => {
    const pressed = ({ code: key, timeStamp }) => {
      if (key !== code) return;
      removeEventListener('keydown', pressed, true);
      const look = () => {
        if (!isEqual(before, read())) resolve(performance.now() - timeStamp);
        else setTimeout(look, 1);
      };
      look();
    };
    addEventListener('keydown', pressed, true);
  });
}
