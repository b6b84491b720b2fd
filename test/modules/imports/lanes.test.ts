import { setTimeout as wait } from 'node:timers/promises';
import { inLanes } from '#src/modules/imports/work.ts';

describe('pieces of work side by side', () => {
  test('when reading fails, nobody learns of it before the pieces that had begun are at their end', async () => {
    const written: string[] = [];
    const failing = inLanes(2, async (lanes) => {
      await lanes.add(async () => {
        await wait(50);
        written.push('a row of the first piece');
      });
      throw new Error('the file ends in the middle of a row');
    });
    await expect(failing).rejects.toThrow('the file ends in the middle of a row');
    expect(written).toEqual(['a row of the first piece']);
  });

  test('a piece that fails ends the work with its reason, after the others have ended', async () => {
    const written: string[] = [];
    const failing = inLanes(2, async (lanes) => {
      await lanes.add(async () => {
        await wait(50);
        written.push('a row of the first piece');
      });
      await lanes.add(() => Promise.reject(new Error('the disk is full')));
    });
    await expect(failing).rejects.toThrow('the disk is full');
    expect(written).toEqual(['a row of the first piece']);
  });

  test('no more run at a time than there are lanes', async () => {
    let running = 0;
    let most = 0;
    await inLanes(2, async (lanes) => {
      for (let piece = 0; piece < 6; piece += 1)
        await lanes.add(async () => {
          most = Math.max(most, ++running);
          await wait(5);
          running -= 1;
        });
    });
    expect([most, running]).toEqual([2, 0]);
  });
});
