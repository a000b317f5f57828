// The camera as a scanner: frames go to a decoder that runs here; no picture leaves the device.

import { prepareZXingModule, readBarcodes } from "/static/vendor/zxing/reader/index.js";

prepareZXingModule({
  overrides: { locateFile: (name) => `/static/vendor/zxing/reader/${name}` },
});

const PAUSE_MS = 120;
const SAME_AGAIN_MS = 4_000;
const WIDEST = 1280;
const OPTIONS = {
  formats: ["QRCode", "DataMatrix", "Code128"],
  tryHarder: true,
  maxNumberOfSymbols: 1,
};

export class Camera {
  #video;
  #onRead;
  #stream = null;
  #canvas = document.createElement("canvas");
  #last = { text: "", at: 0 };

  constructor(video, onRead) {
    this.#video = video;
    this.#onRead = onRead;
  }

  get isOn() {
    return this.#stream !== null;
  }

  /** Throws what the browser says where there is no camera or it may not be used. */
  async start() {
    this.#stream = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: "environment", width: { ideal: WIDEST } },
      audio: false,
    });
    this.#video.srcObject = this.#stream;
    await this.#video.play();
    this.#look();
  }

  stop() {
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.#video.srcObject = null;
  }

  async #look() {
    while (this.isOn) {
      const text = await this.#read();
      const now = Date.now();
      if (text && (text !== this.#last.text || now - this.#last.at > SAME_AGAIN_MS)) {
        await this.#onRead(text);
      }
      if (text) this.#last = { text, at: now };
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  async #read() {
    const { videoWidth, videoHeight } = this.#video;
    if (!videoWidth) return null;
    const scale = Math.min(1, WIDEST / videoWidth);
    const [width, height] = [videoWidth * scale, videoHeight * scale].map(Math.round);
    this.#canvas.width = width;
    this.#canvas.height = height;
    const context = this.#canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(this.#video, 0, 0, width, height);
    const found = await readBarcodes(context.getImageData(0, 0, width, height), OPTIONS);
    return found.find((one) => one.isValid)?.text ?? null;
  }
}
