import type { RadioId } from '../base/ids.ts'
import type { RadioStation } from './entities.ts'

export interface RadioRepository {
  list(): readonly RadioStation[]
  find(id: RadioId): RadioStation | undefined
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
