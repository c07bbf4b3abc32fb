import { parseEncryptionKeys } from '../../src/temporal/encryption-keys.ts';
import { dataConverterFor } from '../../src/temporal/data-converter.ts';

/** This key is public. It encrypts only data that was invented for the recordings. */
const KEY = Buffer.from('known-to-everybody-for-replaying').toString('base64');

export const replayKeys = parseEncryptionKeys(`replay:${KEY}`);
export const replayDataConverter = dataConverterFor(replayKeys);
