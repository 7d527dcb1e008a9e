// The protobuf wire format, as far as Kubernetes messages use it.

/** One field of a message: a number for varints, the bytes for everything of given length. */
export interface WireField {
  readonly number: number;
  readonly value: bigint | Buffer;
}

/** Bytes that are no protobuf message. */
export class WireError extends Error {}

/** The fields of a message in order. Throws WireError. */
export function readFields(bytes: Buffer): readonly WireField[] {
  const fields: WireField[] = [];
  let position = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[position];
      if (byte === undefined) throw new WireError('the message ends inside a number');
      position += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw new WireError('a number is too long');
  };
  while (position < bytes.length) {
    const tag = Number(varint());
    const number = tag >> 3;
    switch (tag & 7) {
      case 0:
        fields.push({ number, value: varint() });
        break;
      case 2: {
        const length = Number(varint());
        if (length < 0 || position + length > bytes.length) throw new WireError('a field is longer than its message');
        fields.push({ number, value: bytes.subarray(position, position + length) });
        position += length;
        break;
      }
      default:
        throw new WireError(`wire type ${tag & 7} of field ${number} is not used by Kubernetes`);
    }
  }
  return fields;
}
