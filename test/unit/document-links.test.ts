import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../../', import.meta.url));

const filesBelow = (folder: string, ending: RegExp) =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => ending.test(file))
    .map((file) => path.join(folder, file));
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

const documents = [
  'README.md',
  'CHANGELOG.md',
  'SECURITY.md',
  'sandbox/ridendine/README.md',
  ...filesBelow('docs', /\.md$/),
];

/** The anchors of the file's headings, made as GitHub makes them. */
function anchorsOf(file: string): string[] {
  return [...withoutCode(read(file)).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
}

function withoutCode(text: string): string {
  return text.replaceAll(/^ *```.*?^ *```$/gms, '');
}

function leadsNowhere(document: string, link: string): boolean {
  const [file = '', anchor = ''] = link.split('#');
  const target = file === '' ? document : path.join(path.dirname(document), file);
  if (!existsSync(path.join(root, target))) return true;
  return anchor !== '' && !anchorsOf(target).includes(anchor);
}

describe('the links between the documents', () => {
  it.each(documents)('lead to files and headings that are there: %s', (document) => {
    const links = [...withoutCode(read(document)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);

    expect(links.filter((link) => !link.startsWith('http') && leadsNowhere(document, link))).toEqual([]);
  });

  it('lead from sources and settings to documents that are there', () => {
    const sources = ['.env.example', 'docker-compose.yml', 'Dockerfile'].concat(
      ['src', 'stack', 'sandbox', 'bench', 'scripts', 'deploy', 'test'].flatMap((folder) =>
        filesBelow(folder, /\.(?:ts|mjs|ya?ml|sh)$/),
      ),
    );
    const named = sources.flatMap((file) =>
      [...read(file).matchAll(/\bdocs\/[\w/-]+\.md\b/g)].map(([document]) => ({ file, document })),
    );

    expect(named.length).toBeGreaterThan(10);
    expect(named.filter(({ document }) => !existsSync(path.join(root, document)))).toEqual([]);
  });
});
