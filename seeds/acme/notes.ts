/** Notes as people write them between two calls. */
export const CUSTOMER_NOTES: readonly string[] = [
  'Prefers to be called before nine; afterwards {first} is in the cold store and hears nothing.',
  'Invoices go to a shared mailbox, never to {first}. Send a copy to both or they get lost.',
  'Gate code for technicians has changed: ask at reception, do not write it down here.',
  'Budget round is in October. Anything new has to be on the table by the middle of September.',
  'They measure us on one thing: how quickly somebody answers the phone at night.',
  'Decision is made by two people: {first} for quality, the owner for money. Never send an offer to only one of them.',
  'Very good reference. Would take a call from a prospect, at most one a quarter.',
  'Uses the data for the insurance: premium went down by a fifth. Worth a story.',
  'Does not want e-mails in English for the shift leads. Templates are translated now.',
  'Old sensors (first generation) in hall 2. Swap them with the next visit, it is agreed and free of charge.',
  'Plans to merge two sites. Could mean fewer gateways, or twice as many. Ask in the next review.',
  '{first} will be on parental leave from next month. Hand-over with the deputy is arranged.',
  'Asked again for single sign-on. It is the only thing they are missing.',
  'Competitor was there last week and undercut us by 15 %. {first} told us so openly, which is a good sign.',
  'Delivery only through gate 4, trucks over 7.5 t are not allowed before ten.',
  'Christmas is their peak: no maintenance and no updates from the middle of November to January.',
  'The auditor liked the printed report more than the system. Keep the print layout as it is.',
  'Two people of the same name here. Ours is the one in quality assurance.',
  'Pays late, but always pays. No reminder before day 45, agreed with accounting.',
  'Interested in humidity as well. Tell product management when there are ten who ask.',
  'Wi-Fi in the new building is switched off at night. That explains the gaps.',
  'Union asked whether drivers can be tracked. Sent the data protection sheet, all settled.',
  'They label zones by colours. Keep our names as they are or nobody finds anything.',
  'Contract allows to reduce sensors by 10 % a year. They never did.',
];

export const PROJECT_NOTES: readonly string[] = [
  'Forklift hit the cable duct in aisle 3. Repaired the same day, charged to the haulier.',
  'Scaffold is only there until Friday, so the roof sensors go first.',
  'Customer wants acceptance in two parts. Fine with us, invoice in two parts as well.',
  'Concrete swallows the signal. One more repeater per hall, put it into the next offer from the start.',
  'Key user is ill, training moved by two weeks.',
  'Material arrived complete. Missing screws bought locally, receipt is in the folder.',
  'Acceptance without remarks. Photo protocol is with the customer.',
  'Electrician of the customer did not turn up. Half a day lost, agreed that they bear it.',
];

export const LEAD_NOTES: readonly string[] = [
  'Found us through a search for temperature alarms. Knows what they want.',
  'Recommended by one of our customers. Do not discount, they come for the quality.',
  'Website says 40 employees, {first} says 25. Small plan fits.',
  'Has a contract until next year. Put on the list for then.',
  'Speaks of "just five sensors", but has three sites. Ask about those.',
  'Wants to buy before the heat comes. Quick answer counts more than the price.',
  'Wrong person: responsible is the quality department, name still unknown.',
];
