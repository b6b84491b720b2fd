import type { Content } from '../tell/content.ts';

/** What people at Acme write down so as not to forget it: "title | what else there is to know". */
export const ACME_TASKS: Content['tasks'] = {
  customer: [
    'Send {company} the offer with the [second|third] warehouse | {first} needs it before their board meets.',
    'Call {first} about the alarms of last week',
    'Renewal of {company}: agree on terms | They asked for two years instead of one. The discount has to be approved first.',
    'Add the new shift leads in {city} as users | Names are in the e-mail from {first}.',
    'Prepare the quarterly review with {company}',
    'Find out who follows {first} in purchasing',
    'Replace the batteries in {city} | [Eight|Twelve|Twenty] sensors are below 25 %.',
    'Send the calibration certificates to {company} | The auditor comes at the end of the month.',
    'Ask {first} whether we may name them as a reference',
  ],
  project: [
    'Order sensors for {project}',
    'Agree on a date for {project} with {company} | Not on a delivery day.',
    'Write the acceptance protocol of {project}',
    'Book the lift for {project} | The ceiling is at nine metres.',
    'Check the radio range at {company} before the gateways are mounted',
  ],
  lead: [
    'Answer {first} at {company} | Wants to know whether it works without a network on site.',
    'Offer for {company}',
    'Call {first} after the trade fair',
    'Send {company} two references from the same trade',
  ],
  plain: [
    'Hand in the travel expenses of last month',
    'Book the train to [Hamburg|Zürich|Gdańsk]',
    'Update the price list for next year',
    'Presentation for the sales meeting | Ten slides at most.',
    'Take the demo case back to the warehouse',
    'Plan the holidays between Christmas and New Year',
  ],
};
