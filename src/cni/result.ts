// The result of ADD, in the words of each protocol version.
import { z } from 'zod';
import { cniCodes, CniError } from './error.ts';
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

const previousResultSchema = z.looseObject({ ips: z.array(z.looseObject({ address: z.string() })).default([]) });

/** The addresses of a result that the runtime kept, whoever was chained behind; undefined when it gave none. Throws CniError 7. */
export function addressesIn(prevResult: unknown): readonly string[] | undefined {
  if (prevResult === undefined) return undefined;
  const result = previousResultSchema.safeParse(prevResult);
  if (result.success) return result.data.ips.map(({ address }) => address);
  throw new CniError(cniCodes.invalidConfiguration, 'prevResult is no CNI result', 'expected the result of ADD');
}

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
