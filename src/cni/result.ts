// The result of ADD, in the words of each protocol version.
import { z } from 'zod';
import type { CniVersion } from './version.ts';

export const addResultSchema = z.object({
  cniVersion: z.string(),
  interfaces: z.array(z.object({ name: z.string(), mac: z.string().optional(), sandbox: z.string().optional() })),
  ips: z.array(
    z.object({
      version: z.literal('4').optional(),
      address: z.string(),
      gateway: z.string().optional(),
      interface: z.int().optional(),
    }),
  ),
  routes: z.array(z.object({ dst: z.string(), gw: z.string().optional() })).optional(),
  dns: z.object({}).optional(),
});
export type AddResult = z.infer<typeof addResultSchema>;

/** One Pod's attachment, independent of the protocol. */
export interface Attachment {
  readonly hostInterface: { readonly name: string; readonly mac: string };
  readonly podInterface: { readonly name: string; readonly mac: string; readonly netns: string };
  /** IPv4 without prefix length; the Pod holds it as a /32. */
  readonly ip: string;
  readonly gateway: string;
}

/** Before 1.0.0 every address carries its family. */
export function addResult(attachment: Attachment, cniVersion: CniVersion): AddResult {
  const { hostInterface, podInterface, ip, gateway } = attachment;
  const family = cniVersion === '0.3.1' || cniVersion === '0.4.0' ? { version: '4' as const } : {};
  return {
    cniVersion,
    interfaces: [
      { name: hostInterface.name, mac: hostInterface.mac },
      { name: podInterface.name, mac: podInterface.mac, sandbox: podInterface.netns },
    ],
    ips: [{ ...family, address: `${ip}/32`, gateway, interface: 1 }],
    routes: [{ dst: '0.0.0.0/0', gw: gateway }],
    dns: {},
  };
}
