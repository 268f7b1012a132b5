// Checks our notes and inclusion proofs with the verifier of Sigstore, read as JSON from the standard input.
import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const load = createRequire(`${process.argv[2]}/package.json`);
// The paths are internal to the package, which is why its version is pinned.
const { verifyCheckpoint } = load("./node_modules/@sigstore/verify/dist/tlog/checkpoint.js");
const { verifyMerkleInclusion } = load("./node_modules/@sigstore/verify/dist/tlog/merkle.js");

const { name, keyId, publicKey, cases } = JSON.parse(readFileSync(0, "utf8"));
const log = {
  logID: Buffer.concat([Buffer.from(keyId, "hex"), Buffer.alloc(28)]),
  baseURL: name,
  publicKey: createPublicKey({ key: Buffer.from(publicKey, "base64"), format: "der", type: "spki" }),
};

const answers = cases.map((each) => {
  const entry = {
    canonicalizedBody: Buffer.from(each.body, "base64"),
    inclusionProof: {
      logIndex: String(each.position - 1),
      hashes: each.path.map((hash) => Buffer.from(hash, "hex")),
      checkpoint: { envelope: each.note },
    },
  };
  try {
    verifyMerkleInclusion(entry, verifyCheckpoint(entry, [log]));
    return "holds";
  } catch (error) {
    return error.message;
  }
});
process.stdout.write(JSON.stringify(answers));
