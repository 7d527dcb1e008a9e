// What the controller of the guests and a guest say to each other, one JSON object per line.

/** One flow to send: its first packet decides it. */
export interface PacketFlow {
  readonly id: number;
  readonly protocol: 'TCP' | 'UDP' | 'ICMP';
  readonly to: string;
  /** Ignored by ICMP. */
  readonly port: number;
  /** Never used twice by one sender, so that no connection tracking knows the flow already. */
  readonly sourcePort: number;
}

/** Each is answered by one `done`. */
export type Order =
  | { readonly kind: 'listen'; readonly address: string; readonly ports: readonly number[] }
  | { readonly kind: 'send'; readonly flows: readonly PacketFlow[] }
  /** Done when everything is sent, and whatever had come in by then was read. */
  | { readonly kind: 'barrier' }
  | { readonly kind: 'give-up' };

export type Word =
  | { readonly kind: 'hello'; readonly name: string }
  | { readonly kind: 'done' }
  /** `seen`: the source address that the other side saw; empty for ICMP, which does not tell. */
  | { readonly kind: 'answer'; readonly flow: number; readonly seen: string };
