// Ed25519 by WebCrypto; where a browser has none, by a library that is loaded only then.

async function webCryptoWorks(subtle) {
  try {
    await subtle.importKey("raw", new Uint8Array(32), { name: "Ed25519" }, false, ["verify"]);
    return true;
  } catch (error) {
    // A browser that knows the algorithm refuses at most the key.
    return error.name === "DataError";
  }
}

function byWebCrypto(subtle) {
  return async (key, signature, message) => {
    try {
      const imported = await subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
      return await subtle.verify({ name: "Ed25519" }, imported, signature, message);
    } catch {
      return false;
    }
  };
}

export function byLibrary({ verifyAsync }) {
  return async (key, signature, message) => {
    try {
      // As RFC 8032 has it, not by the laxer rule of ZIP 215.
      return await verifyAsync(signature, message, key, { zip215: false });
    } catch {
      return false;
    }
  };
}

/** A function (key, signature, message) → Promise<boolean>; `load` fetches the library. */
export async function ed25519(subtle, load) {
  return (await webCryptoWorks(subtle)) ? byWebCrypto(subtle) : byLibrary(await load());
}
