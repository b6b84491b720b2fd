import type { FormView, InputView } from '#src/kernel/views.ts';

const PLAIN: Omit<InputView, 'id' | 'name' | 'label' | 'control'> = {
  value: '',
  ref_id: '',
  lookup: '',
  checked: false,
  options: [],
  required: false,
  help: '',
  error: '',
  max: 0,
  step: '',
  autocomplete: 'off',
  autofocus: false,
};

/** One control of a form that no entity describes. */
export const input = (
  control: InputView['control'],
  name: string,
  label: string,
  more: Partial<InputView> = {},
): InputView => ({ ...PLAIN, id: `field-${name}`, name, label, control, ...more });

/** The summary above a form, from its controls. */
export const errorsOf = (inputs: readonly InputView[]): FormView['errors'] =>
  inputs.filter((one) => one.error).map((one) => ({ id: one.id, label: one.label, message: one.error }));
