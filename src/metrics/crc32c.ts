/**
 * @file CRC-32C, the checksum of TFRecord files and of iSCSI: a table of the remainders of single bytes (Sarwate, 1988).
 * Test vectors: RFC 3720, B.4.
 */

/** Castagnoli's polynomial, lowest power first. */
const polynomial = 0x82f63b78;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ polynomial : rest >>> 1;
  return rest;
});

/** As an unsigned integer of 32 bits. */
export function crc32c(bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of bytes) rest = (rest >>> 8) ^ table[(rest ^ byte) & 0xff]!;
  return (rest ^ 0xffffffff) >>> 0;
}
