import { describe, expect, it } from '@jest/globals';
import type { CollectionDefinition } from '../../src/integrations/directus/schema/definition.ts';
import { mergeSnapshot, type Snapshot } from '../../src/integrations/directus/schema/merge-snapshot.ts';

function definition(owner: CollectionDefinition['owner']): CollectionDefinition {
  return {
    collection: 'orders',
    owner,
    meta: { icon: 'receipt' },
    fields: [
      {
        field: 'status',
        type: 'string',
        column: { is_unique: true },
        meta: { note: 'Ours', interface: 'input', width: 'half' },
      },
    ],
    relations: [{ field: 'customer', related: 'customers', onDelete: 'NO ACTION' }],
  };
}

/** The snapshot of a Directus in which other people have made our collection and another one. */
function target(type = 'string'): Snapshot {
  return {
    collections: [
      { collection: 'orders', meta: { icon: 'theirs', group: 'shop' }, schema: { name: 'orders' } },
      { collection: 'couriers', meta: null },
    ],
    fields: [
      {
        collection: 'orders',
        field: 'status',
        type,
        meta: { note: 'Theirs', width: 'full', sort: 7, conditions: ['theirs'] },
        schema: { is_unique: false, is_nullable: false, max_length: 40 },
      },
      { collection: 'couriers', field: 'id', type: 'uuid', meta: null, schema: {} },
    ],
    relations: [
      {
        collection: 'orders',
        field: 'customer',
        related_collection: 'customers',
        meta: null,
        schema: { on_delete: 'CASCADE' },
      },
    ],
  };
}

const empty: Snapshot = { collections: [], fields: [], relations: [] };

describe('merging our collections into the snapshot of a Directus', () => {
  it('adds everything to an empty one', () => {
    const { snapshot, mismatches } = mergeSnapshot(empty, [definition('ours')]);
    expect(snapshot).toMatchObject({
      collections: [{ collection: 'orders', meta: { icon: 'receipt' } }],
      fields: [
        { collection: 'orders', field: 'status', type: 'string', schema: { is_unique: true, is_nullable: true } },
      ],
      relations: [{ collection: 'orders', field: 'customer', schema: { on_delete: 'NO ACTION' } }],
    });
    expect(mismatches).toEqual([]);
  });

  it('changes no snapshot that it is given', () => {
    const before = target();
    mergeSnapshot(before, [definition('ours')]);
    expect(before).toEqual(target());
    mergeSnapshot(empty, [definition('ours')]);
    expect(empty.fields).toEqual([]);
  });

  it('gives a field of ours its looks and constraints, and leaves its type, its place and what others added', () => {
    const { snapshot } = mergeSnapshot(target(), [definition('ours')]);
    expect(snapshot.fields[0]).toEqual({
      collection: 'orders',
      field: 'status',
      type: 'string',
      meta: { note: 'Ours', interface: 'input', width: 'full', sort: 7, conditions: ['theirs'] },
      schema: { is_unique: true, is_nullable: false, max_length: 40 },
    });
    expect(snapshot.collections[0]?.meta).toMatchObject({ icon: 'receipt', group: 'shop' });
  });

  it('leaves what is there of a collection of another phase as it is', () => {
    const { snapshot } = mergeSnapshot(target(), [definition('theirs')]);
    expect(snapshot).toEqual(target());
  });

  it('keeps every collection and field of other people', () => {
    const { snapshot } = mergeSnapshot(target(), [definition('ours')]);
    expect(snapshot.collections[1]).toEqual(target().collections[1]);
    expect(snapshot.fields[1]).toEqual(target().fields[1]);
  });

  it('never lets the deletion of a customer delete an order', () => {
    const { snapshot } = mergeSnapshot(target(), [definition('ours')]);
    expect(snapshot.relations[0]?.schema).toEqual({ on_delete: 'NO ACTION' });
  });

  it('gives a relation of ours back the foreign key that it has lost, and leaves one of another phase', () => {
    const lost = target();
    lost.relations = lost.relations.map((relation) => ({ ...relation, schema: null }));

    const [ours] = mergeSnapshot(lost, [definition('ours')]).snapshot.relations;
    const [theirs] = mergeSnapshot(lost, [definition('theirs')]).snapshot.relations;

    expect(ours?.schema).toEqual({
      table: 'orders',
      column: 'customer',
      foreign_key_table: 'customers',
      foreign_key_column: 'id',
      on_update: 'NO ACTION',
      on_delete: 'NO ACTION',
    });
    expect(theirs?.schema).toBeNull();
  });

  it('takes text for a string, and reports a type that cannot hold the value', () => {
    expect(mergeSnapshot(target('text'), [definition('ours')]).mismatches).toEqual([]);

    const { snapshot, mismatches } = mergeSnapshot(target('integer'), [definition('ours')]);
    expect(mismatches).toEqual(['orders.status is integer, not string']);
    expect(snapshot.fields).toEqual(target('integer').fields);
  });
});
