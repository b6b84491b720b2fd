import { clean } from '#src/kernel/fields/field.ts';

/** A label for comparing: case, accents, punctuation (the º of "Nº", too) and plural brackets do not matter. */
export const plain = (text: string): string =>
  clean(text)
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/ł/g, 'l')
    .replace(/ø/g, 'o')
    .replace(/(?:[^\p{L}\p{N}]|º)+/gu, ' ')
    .trim();

const EXTERNAL_ID =
  'external id|id|customer id|customer no|customer number|account id|account number|client id|contact id|lead id|record id|reference|ref|kundennummer|kunden nr|kdnr|numero client|numero de cliente|codice cliente|numer klienta|klantnummer|number|no|nr';

/**
 * What lists call our fields, besides our own label: English, then German, French, Spanish, Italian, Polish, Dutch, as
 * `plain` writes it. Order matters little: each name belongs to one field of an entity.
 */
const SYNONYMS: Record<string, string> = {
  name: 'name|full name|display name|nom|nom complet|nombre|nombre completo|nome|nazwa|naam',
  'customer.name':
    'name|company|company name|organisation|organization|organisation name|organization name|account name|customer|customer name|client|client name|business name|site name|trading name|display name|full name|firma|firmenname|unternehmen|kunde|kundenname|nom|societe|raison sociale|entreprise|nombre|empresa|razon social|cliente|ragione sociale|azienda|nome|nazwa|nazwa firmy|klient|bedrijf|bedrijfsnaam|naam|klant|account|agency',
  'contact.name':
    'name|contact|contact name|full name|display name|person|ansprechpartner|kontakt|nom|nom complet|nombre|nombre completo|contacto|nome|contatto|nazwa|imie i nazwisko|naam|contactpersoon',
  'lead.name':
    'name|lead|lead name|contact|contact name|full name|display name|person|ansprechpartner|interessent|nom|nom complet|nombre|contacto|nome|nazwa|imie i nazwisko|naam',
  first_name: 'first name|firstname|given name|forename|vorname|prenom|nombre de pila|imie|voornaam',
  last_name:
    'last name|lastname|surname|family name|nachname|familienname|nom de famille|apellido|apellidos|cognome|nazwisko|achternaam',
  company:
    'company|company name|organisation|organization|employer|account|account name|firma|unternehmen|societe|entreprise|empresa|azienda|nazwa firmy|bedrijf',
  customer_id:
    'customer|customer name|company|company name|account|account name|client|organisation|organization|firma|kunde|unternehmen|societe|entreprise|client name|empresa|cliente|azienda|klient|bedrijf|klant',
  email:
    'email|e mail|mail|email address|e mail address|emailaddress|primary email|work email|e mail adresse|emailadresse|adresse e mail|courriel|correo|correo electronico|correo e|posta elettronica|adres e mail|e mailadres',
  phone:
    'phone|telephone|tel|phone number|telephone number|main phone|business phone|work phone|office phone|telefon|telefonnummer|rufnummer|tel no|telefono|telefoon|telefoonnummer|numer telefonu|phone no',
  mobile:
    'mobile|mobile phone|cell|cell phone|cellphone|handy|mobil|mobiltelefon|portable|movil|cellulare|komorka|mobiel',
  website:
    'website|web site|web|url|homepage|home page|webseite|internet|site web|sitio web|pagina web|sito|sito web|strona www|strona internetowa|domain',
  street:
    'street|address|address 1|address line 1|street address|billing street|billing address|mailing street|strasse|adresse|anschrift|rue|direccion|calle|indirizzo|via|ulica|adres|straat',
  postal_code:
    'postal code|postcode|post code|zip|zip code|zipcode|plz|postleitzahl|code postal|cp|codigo postal|cap|kod pocztowy|billing zip|mailing zip',
  city: 'city|town|ort|stadt|ville|ciudad|localidad|poblacion|citta|comune|miasto|plaats|stad|woonplaats|billing city|mailing city|municipality',
  country: 'country|land|pays|pais|paese|nazione|kraj|billing country|mailing country|country region',
  status: 'status|state|customer status|lead status|zustand|statut|etat|estado|stato|stadium',
  type: 'type|customer type|kind|art|typ|tipo',
  segment: 'segment|size|tier|customer segment|segmento|grosse',
  industry: 'industry|sector|branche|secteur|secteur d activite|industria|sector industrial|settore|branza|bedrijfstak',
  owner_id:
    'owner|account owner|account manager|sales rep|salesperson|responsible|zustandig|betreuer|verantwortlich|responsable|propietario|responsabile|opiekun|eigenaar',
  assigned_to:
    'assigned to|assignee|owner|lead owner|sales rep|salesperson|zustandig|betreuer|responsable|asignado a|assegnato a|opiekun|eigenaar',
  csm_id: 'csm|customer success manager|success manager',
  health: 'health|health status|health score|ampel',
  adoption_stage: 'adoption stage|adoption|lifecycle stage|stage',
  arr: 'arr|annual recurring revenue|annual revenue|yearly revenue|jahresumsatz',
  lifetime_value: 'lifetime value|ltv|clv|customer lifetime value',
  estimated_value:
    'estimated value|value|amount|deal value|opportunity value|wert|betrag|montant|valeur|importe|valor|valore|wartosc|waarde',
  currency: 'currency|currency code|wahrung|devise|moneda|valuta|waluta',
  renewal_date: 'renewal date|renewal|contract end|contract end date|verlangerung|vertragsende',
  products_owned: 'products owned|products|product|produkte|produits|productos|prodotti|produkty',
  external_id: EXTERNAL_ID,
  // Short for a customer's number. In a list of contacts it says whose contact it is, and is no number of their own.
  'customer.external_id': `${EXTERNAL_ID}|cust no|cust nr|cust id|cust number|customer nr|customer code|client no|client nr|client number|client code|kundennr|kunden nummer|kunden id|kunde nr|kd nr|n client|no client|num client|n de client|numero de client|code client|id client|n cliente|no cliente|num cliente|numero cliente|n de cliente|cod cliente|codigo cliente|codigo de cliente|id cliente|nr klienta|kod klienta|id klienta|klantnr|klant nr|klantcode|klant id`,
  account_number: 'account number|account no|account nr|account id|number|no|nr|id|ref',
  opened_on: 'opened on|opened|open date|opening date|since|start|start date',
  closed_on: 'closed on|closed|close date|closing date|end|end date',
  balance: 'balance|saldo|solde',
  job_title:
    'job title|title|position|role|function|funktion|berufsbezeichnung|fonction|poste|cargo|puesto|ruolo|stanowisko|functie',
  is_primary: 'primary contact|primary|main contact|is primary|hauptkontakt|hauptansprechpartner',
  source: 'source|lead source|origin|quelle|herkunft|origine|origen|fonte|zrodlo|bron',
  priority: 'priority|prioritat|priorite|prioridad|priorita|priorytet|prioriteit',
  description:
    'description|notes|note|comment|comments|remarks|beschreibung|bemerkung|bemerkungen|notiz|notizen|commentaire|descripcion|notas|comentarios|descrizione|opis|uwagi|omschrijving|opmerkingen',
  tags: 'tags|tag|labels|categories|category|groups|schlagworte|etiquettes|etiquetas|kategorie|categorie',
};

/** What lists call a field of an entity. */
export const synonymsOf = (entity: string, field: string): string[] =>
  (SYNONYMS[`${entity}.${field}`] ?? SYNONYMS[field])?.split('|') ?? [];

const KNOWN = new Set(Object.values(SYNONYMS).flatMap((names) => names.split('|')));

/** Do lists call a column so? */
export const knownLabel = (text: string): boolean => KNOWN.has(plain(text));

/** Names of a choice's values in lists of other languages and programs. */
const VALUES: Record<string, string> = {
  active: 'aktiv|actif|active customer|activo|attivo|aktywny|actief|customer|client|klient|kunde|cliente|klant|current',
  inactive:
    'inaktiv|inactif|inactivo|inattivo|nieaktywny|inactief|former|former customer|churned|closed|ehemalig|lost customer',
  prospect: 'interessent|prospekt|potential|potential customer|prospecto|prospeto',
  new: 'neu|nouveau|nuevo|nuovo|nowy|nieuw|open',
  company: 'firma|unternehmen|business|organisation|organization|b2b|societe|entreprise|empresa|azienda|bedrijf',
  person: 'privat|private|individual|b2c|privatperson|particulier|persona|osoba',
  green: 'grun|vert|verde|zielony|groen|good|healthy',
  yellow: 'gelb|jaune|amarillo|giallo|zolty|geel|amber|at risk|medium',
  red: 'rot|rouge|rojo|rosso|czerwony|rood|bad|critical',
  low: 'niedrig|basse|baja|bassa|niski|laag',
  medium: 'mittel|normal|moyenne|media|sredni',
  high: 'hoch|haute|alta|wysoki|hoog',
  urgent: 'dringend|critical|urgente|pilny',
  contacted: 'kontaktiert|contacte|contactado|contattato|in contact',
  qualified: 'qualifiziert|qualifie|cualificado|qualificato|sql|mql',
  lost: 'verloren|perdu|perdido|perso|przegrany|dead|closed lost',
  converted: 'konvertiert|converti|convertido|convertito|won|closed won|gewonnen',
  enterprise: 'large|large enterprise|grossunternehmen|konzern',
  mid_market: 'midmarket|mid size|medium business|mittelstand|sme',
  small_business: 'small|smb|small and medium|kleinunternehmen|kmu',
  public_sector: 'public|government|offentlich|offentlicher sektor|behorde',
  individual: 'private|consumer|privat',
  Website: 'web|homepage|internet|online|webseite',
  Referral: 'recommendation|empfehlung|word of mouth|recommandation',
  'Cold Call': 'kaltakquise|phone|call|telefon',
  'Email Campaign': 'email|e mail|newsletter|mailing|e mail campaign',
  'Social Media': 'social|linkedin|facebook|instagram|twitter|xing',
  'Trade Show': 'event|fair|messe|trade fair|exhibition|conference|salon|feria|fiera|targi',
  Advertisement: 'ad|ads|advertising|werbung|google ads|anzeige|publicite',
  Partner: 'reseller|partenaire',
  Other: 'sonstige|sonstiges|andere|autre|otro|altro|inne|unknown',
};

/** Is this text another name of a choice's value? */
export const meansValue = (value: string, text: string): boolean =>
  Object.hasOwn(VALUES, value) && VALUES[value]!.split('|').includes(plain(text));
