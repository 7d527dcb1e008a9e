// What can become of a node of the lab, and which way leads back from it.

export type NodePower = 'on' | 'stopped' | 'frozen' | 'cut' | 'lost';

export const NODE_ACTIONS = ['stop', 'freeze', 'cut', 'lose', 'recover'] as const;

/**
 * `stop`: its processes are gone and its instance is STOPPED. `freeze`: kubelet and system Pods stand still. `cut`: no packets, no API.
 * `lose`: its instance is terminated. `recover`: on again, which a lost one cannot be.
 */
export type NodeAction = (typeof NODE_ACTIONS)[number];

/** The machine behind a node. Each call is made only in the state that it starts from. */
export interface Machine {
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  cut(): Promise<void>;
  join(): Promise<void>;
  /** From any state but lost. */
  powerOff(): Promise<void>;
  powerOn(): Promise<void>;
  /** After `powerOff`: nothing of it comes back. */
  discard(): Promise<void>;
}

export interface PowerSwitch {
  readonly power: NodePower;
  /** One action at a time, in order. Throws, with what would be right, when the state does not allow it. */
  act(action: NodeAction): Promise<void>;
}

/** On. */
export function createPowerSwitch(name: string, machine: Machine): PowerSwitch {
  let power: NodePower = 'on';
  let last: Promise<void> = Promise.resolve();

  const perform = async (action: NodeAction): Promise<void> => {
    if (power === 'lost')
      throw new Error(`node ${name} is lost: its instance is terminated, and nothing brings it back`);
    if (action === 'recover') {
      await recover(power, machine);
      power = 'on';
      return;
    }
    if (action === 'lose') {
      if (power !== 'stopped') await machine.powerOff();
      power = 'stopped';
      await machine.discard();
      power = 'lost';
      return;
    }
    if (power !== 'on') throw new Error(`node ${name} is ${power}: recover it first`);
    if (action === 'stop') await machine.powerOff();
    if (action === 'freeze') await machine.freeze();
    if (action === 'cut') await machine.cut();
    power = AFTER[action];
  };

  return {
    get power() {
      return power;
    },
    act: async (action) => {
      const turn = last.then(() => perform(action));
      last = turn.catch(() => undefined);
      await turn;
    },
  };
}

const AFTER = { stop: 'stopped', freeze: 'frozen', cut: 'cut' } as const;

async function recover(power: NodePower, machine: Machine): Promise<void> {
  if (power === 'stopped') await machine.powerOn();
  if (power === 'frozen') await machine.thaw();
  if (power === 'cut') await machine.join();
}
