import { PLAIN_INPUT } from '#src/kernel/forms.ts';
import type { FormView, InputView } from '#src/kernel/views.ts';

/** One control of a form that no entity describes. */
export const input = (
  control: InputView['control'],
  name: string,
  label: string,
  more: Partial<InputView> = {},
): InputView => ({ ...PLAIN_INPUT, id: `field-${name}`, name, label, control, ...more });

/** The summary above a form, from its controls. */
export const errorsOf = (inputs: readonly InputView[]): FormView['errors'] =>
  inputs.filter((one) => one.error).map((one) => ({ id: one.id, label: one.label, message: one.error }));
