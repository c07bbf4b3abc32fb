import type { RunningPostgres } from '../../stack/postgres.ts';
import { connectToPostgres } from '../support/postgres-session.ts';

interface Column {
  table_name: string;
  column_name: string;
  data_type: string;
}

/** @returns the columns (`table.column`) of a database that contain the text, within bytes, JSON or other text. */
export async function columnsWith(text: string, postgres: RunningPostgres, database: string): Promise<string[]> {
  const session = await connectToPostgres({ ...postgres, database });
  try {
    const columns = await session.sql(
      `SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'`,
    );
    const found: string[] = [];
    for (const { table_name: table, column_name: column, data_type: type } of columns as unknown as Column[]) {
      const bytes = type === 'bytea' ? `"${column}"` : `convert_to("${column}"::text, 'UTF8')`;
      const rows = await session.sql(
        `SELECT 1 FROM "${table}" WHERE position(convert_to($1, 'UTF8') IN ${bytes}) > 0 LIMIT 1`,
        text,
      );
      if (rows.length > 0) found.push(`${table}.${column}`);
    }
    return found;
  } finally {
    await session.close();
  }
}
