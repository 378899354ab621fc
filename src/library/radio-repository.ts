import type { RadioId } from '../base/ids.ts'
import type { RowReader } from '../db/database.ts'
import type { RadioStation } from './entities.ts'
import type { LibraryContext } from './library-context.ts'

export interface RadioRepository {
  list(): readonly RadioStation[]
  find(id: RadioId): RadioStation | undefined
  isKnown(id: RadioId): boolean
  create(
    station: { readonly name: string; readonly streamUrl: string; readonly homePageUrl: string },
    at: number,
  ): RadioId
  update(
    id: RadioId,
    station: { readonly name: string; readonly streamUrl: string; readonly homePageUrl: string },
    at: number,
  ): boolean
  remove(id: RadioId): boolean
}

export function createRadioRepository({ db }: LibraryContext): RadioRepository {
  const columns = 'id, name, stream_url, home_page_url, created_at, updated_at'
  return {
    list: () => db.select(`SELECT ${columns} FROM radio ORDER BY name COLLATE NOCASE, id`, [], readRadio),
    find: (id) => db.select(`SELECT ${columns} FROM radio WHERE id = ?`, [id], readRadio)[0],
    isKnown: (id) => db.get('SELECT 1 AS one FROM radio WHERE id = ?', [id]) !== undefined,
    create: (station, at) =>
      db.run('INSERT INTO radio (name, stream_url, home_page_url, created_at, updated_at) VALUES (?, ?, ?, ?, ?)', [
        station.name,
        station.streamUrl,
        station.homePageUrl,
        at,
        at,
      ]).lastId as RadioId,
    update: (id, station, at) =>
      db.run('UPDATE radio SET name = ?, stream_url = ?, home_page_url = ?, updated_at = ? WHERE id = ?', [
        station.name,
        station.streamUrl,
        station.homePageUrl,
        at,
        id,
      ]).changes > 0,
    remove: (id) => db.run('DELETE FROM radio WHERE id = ?', [id]).changes > 0,
  }
}

function readRadio(row: RowReader): RadioStation {
  return {
    id: row.number(0) as RadioId,
    name: row.text(1),
    streamUrl: row.text(2),
    homePageUrl: row.text(3),
    createdAt: row.number(4),
    updatedAt: row.number(5),
  }
}
