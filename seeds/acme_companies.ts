/** name, industry, city, country, weight of its contract (0 none yet … 5 the largest) */
export type Company = readonly [name: string, industry: string, city: string, country: string, size: number];

export const ACME_COMPANIES: readonly Company[] = [
  ['Helvetia Biologics AG', 'Pharmaceuticals', 'Zürich', 'Switzerland', 5],
  ['Nordlicht Pharma GmbH', 'Pharmaceuticals', 'Hamburg', 'Germany', 5],
  ['Łódzkie Centrum Dystrybucji', 'Logistics', 'Łódź', 'Poland', 4],
  ['Αιγαίο Φαρμακευτική Α.Ε.', 'Pharmaceuticals', 'Αθήνα', 'Ελλάδα', 4],
  ['Hải Sản Sông Hàn', 'Seafood', 'Đà Nẵng', 'Việt Nam', 3],
  ['Fjordfisk AS', 'Seafood', 'Ålesund', 'Norway', 4],
  ['Laiterie du Mont d’Or', 'Dairy', 'Besançon', 'France', 3],
  ['Caseificio Valle Verde', 'Dairy', 'Parma', 'Italy', 2],
  ['Rigshospitalets Apotek', 'Hospitals', 'København', 'Denmark', 4],
  ['Clínica Santa Lucía', 'Hospitals', 'Málaga', 'Spain', 2],
  ['Blumen Bärwald', 'Flowers', 'Aalsmeer', 'Netherlands', 2],
  ['Gelato Fratelli Bruni', 'Ice cream', 'Bologna', 'Italy', 1],
];
