/** Whether this machine puts the lowest byte of a number first. */
export const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** A copy of numbers of four bytes, which were written the lowest byte first, as this machine reads them. */
export function numbersIn(bytes: Uint8Array): ArrayBuffer {
  const { buffer } = Uint8Array.from(bytes);
  if (!isLittleEndian) Buffer.from(buffer).swap32();
  return buffer;
}
