// What is really in the fabric's namespace: read after a failed change, so that the next plan starts from the truth.
import { z } from 'zod';
import { WAN } from './edge.ts';
import type { BuiltPort, LinkState } from './plan-links.ts';

/** The parts of `ip -json` that matter here. */
const linksSchema = z.array(z.object({ ifname: z.string() }));
const routesSchema = z.array(z.object({ dst: z.string(), dev: z.string().optional() }));
const addressesSchema = z.array(
  z.object({ addr_info: z.array(z.object({ local: z.string().optional(), scope: z.string().optional() })) }),
);

/** What the tools printed, run in the fabric's namespace. */
export interface Observation {
  /** `ip -json link show type veth`. */
  readonly links: string;
  /** `ip -json route show`. */
  readonly routes: string;
  /** `ip -json address show dev lo`. */
  readonly loopback: string;
}

/**
 * What the last plan expected, corrected by what is seen. A port of `suspects` counts as a stray even when its device
 * is there, since nobody knows how far its making came.
 */
export function observedLinks(seen: Observation, expected: LinkState, suspects: ReadonlySet<string>): LinkState {
  const devices = decode(linksSchema, seen.links).map((link) => link.ifname);
  const routes = decode(routesSchema, seen.routes);
  const loopback = decode(addressesSchema, seen.loopback).flatMap((link) =>
    // What others have put there is of scope host, as 127.0.0.1 is.
    link.addr_info.filter(({ scope }) => scope !== 'host').map(({ local }) => local ?? ''),
  );
  const ports = new Map<string, BuiltPort>();
  for (const [name, port] of expected.ports) {
    if (suspects.has(name) || !devices.includes(name)) continue;
    ports.set(name, { ...port, addresses: new Set(routes.filter(({ dev }) => dev === name).map(({ dst }) => dst)) });
  }
  return {
    ports,
    gateways: new Set(loopback.filter((address) => address !== '127.0.0.1' && address.includes('.'))),
    strays: devices.filter((device) => device !== WAN && !ports.has(device)),
  };
}

function decode<T>(schema: z.ZodType<T>, text: string): T {
  // `ip -json` prints nothing at all where there is nothing to list.
  return schema.parse(text.trim() === '' ? [] : JSON.parse(text));
}
