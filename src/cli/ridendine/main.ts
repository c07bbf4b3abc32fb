import { setTimeout as delay } from 'node:timers/promises';
import { encryptionVariables, readEncryptionKeys } from '../../config/encryption-settings.ts';
import { parseEnvironment } from '../../config/environment.ts';
import { readTemporalSettings, temporalVariables } from '../../config/temporal-settings.ts';
import { PAUSE_NOTICED_WITHIN_MS } from '../../contract/partner-pause.ts';
import type { PartnerPause } from '../../domain/partner-pause.ts';
import { secondOf } from '../../domain/spoken-time.ts';
import { OperatorError } from '../../operators/operator-error.ts';
import { pauseCalls, readPause, resumeCalls } from '../../operators/partner-pause.ts';
import { dataConverterFor } from '../../temporal/data-converter.ts';
import { parseEncryptionKeys } from '../../temporal/encryption-keys.ts';
import { withTemporalAccess } from '../../temporal/temporal-access.ts';
import { CommandError, print, runCommand } from '../command.ts';
import { parseCommandLine, USAGE } from './command-line.ts';
import type { RideNDineCommand } from './command-line.ts';

const variables = temporalVariables.extend(encryptionVariables.shape);

/** `npm run ridendine`: pauses the calls to RideNDine, and resumes them. */
async function carryOut(command: RideNDineCommand): Promise<void> {
  const keys = parseEncryptionKeys(readEncryptionKeys(parseEnvironment(variables, process.env)));
  await withTemporalAccess(
    readTemporalSettings(process.env),
    async (temporal) => {
      switch (command.name) {
        case 'status':
          return print(...describe(await readPause(temporal)));
        case 'pause': {
          const { by, forMs } = command;
          await pauseCalls(temporal, { ...by, ...(forMs !== undefined && { for_ms: forMs }) });
          const pause = await readPause(temporal);
          if (pause === null) throw new CommandError('The pause has ended already: somebody has ended it.');
          print(...describe(pause));
          await delay(PAUSE_NOTICED_WITHIN_MS);
          return print('Workers begin no call any more. One that has begun may still end.');
        }
        case 'resume':
          await resumeCalls(temporal, command.by);
          return print(
            'Calls to RideNDine are resumed. The orders that wait are sent within half a minute, or as the limit of calls allows.',
          );
      }
    },
    dataConverterFor(keys),
  );
}

function describe(pause: PartnerPause | null): string[] {
  if (pause === null) return ['Calls to RideNDine are made.'];
  const { since, until, by } = pause;
  return [
    `Calls to RideNDine are paused since ${secondOf(since)} UTC${by ? `, by ${by.actor}: ${by.reason}` : ''}.`,
    until === undefined ? 'They stay so until somebody resumes them.' : `They are resumed at ${secondOf(until)} UTC.`,
  ];
}

await runCommand({ program: 'ridendine', usage: USAGE, parse: parseCommandLine, carryOut, expected: [OperatorError] });
