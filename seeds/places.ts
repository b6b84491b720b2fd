import { normalPhone } from '#src/kernel/fields/addresses.ts';
import type { Random } from './random.ts';

interface Place {
  /** calling code and the beginning of a number; # is a digit, | stands between several */
  phone: string;
  mobile: string;
  /** # is a digit, @ a capital letter */
  postal: string;
  streets: readonly string[];
  /** '1 High Street' instead of 'Hauptstraße 1' */
  numberFirst?: true;
  women: readonly string[];
  men: readonly string[];
  /** both forms where they differ: 'Novák|Nováková' */
  families: readonly string[];
}

const words = (text: string): string[] => text.split(', ');

const GERMANY: Place = {
  phone: '+4930######|+4940######|+4989######|+49711######',
  mobile: '+49151########',
  postal: '#####',
  streets: words('Lagerstraße, Am Kühlhaus, Hafenallee, Industriestraße, Lindenweg, Bahnhofstraße'),
  women: words('Anke, Birgit, Franziska, Heike, Jana, Katharina, Mareike, Sabine, Ulrike, Yasemin'),
  men: words('Andreas, Bernd, Dirk, Holger, Jürgen, Malte, Sönke, Thorsten, Uwe, Volker'),
  families: words(
    'Ahrens, Böhm, Dierksen, Grünewald, Jäger, Köhler, Löffler, Öztürk, Petersen, Schröder, Weiß, Zeller',
  ),
};

export const PLACES: Readonly<Record<string, Place>> = {
  Germany: GERMANY,
  Austria: {
    ...GERMANY,
    phone: '+431#######',
    mobile: '+43664#######',
    postal: '####',
    families: words('Gruber, Höllerer, Kärntner, Leitner, Moser, Pichler, Steinbauer, Wögerbauer'),
  },
  Switzerland: {
    ...GERMANY,
    phone: '+4144#######',
    mobile: '+4179#######',
    postal: '####',
    streets: words('Technoparkstrasse, Hardturmstrasse, Limmatquai, Route de Genève'),
    families: words('Aebischer, Bühlmann, Frei, Gysin, Rüegg, Zürcher, Zbinden'),
  },
  Poland: {
    phone: '+4842#######',
    mobile: '+48601######',
    postal: '##-###',
    streets: words('ul. Chłodna, ul. Piotrkowska, ul. Magazynowa, al. Niepodległości'),
    women: words('Agnieszka, Beata, Dorota, Joanna, Małgorzata, Zofia'),
    men: words('Bartłomiej, Grzegorz, Łukasz, Paweł, Stanisław, Wojciech'),
    families: words('Dąbrowski|Dąbrowska, Kamiński|Kamińska, Nowak, Szymański|Szymańska, Wójcik, Żak'),
  },
  Greece: {
    phone: '+3021########',
    mobile: '+3069########',
    postal: '### ##',
    streets: words('Λεωφόρος Ποσειδώνος, Οδός Αθηνάς, Πειραιώς, Σταδίου'),
    women: words('Ελένη, Κατερίνα, Μαρία, Σοφία'),
    men: words('Γιώργος, Δημήτρης, Κώστας, Νίκος'),
    families: words('Παπαδόπουλος|Παπαδοπούλου, Νικολαΐδης|Νικολαΐδη, Βλάχος|Βλάχου, Οικονόμου'),
  },
  Vietnam: {
    phone: '+84236#######',
    mobile: '+8490#######',
    postal: '5#####',
    streets: words('Bạch Đằng, Nguyễn Văn Linh, Trần Phú'),
    numberFirst: true,
    women: words('Lan Anh, Thu Hà, Ngọc Bích'),
    men: words('Minh Đức, Quang Huy, Văn Thành'),
    families: words('Nguyễn, Trần, Lê, Phạm'),
  },
  Norway: {
    phone: '+4770######',
    mobile: '+4791######',
    postal: '####',
    streets: words('Keiser Wilhelms gate, Brosundet, Havnegata, Kjølelageret'),
    women: words('Åse, Ingeborg, Kari, Sølvi'),
    men: words('Bjørn, Håkon, Kåre, Øyvind'),
    families: words('Bjørnstad, Gjøvåg, Nygård, Sæther, Ødegaard'),
  },
  Denmark: {
    phone: '+4533######',
    mobile: '+4520######',
    postal: '####',
    streets: words('Blegdamsvej, Kødbyen, Nørrebrogade, Østerport'),
    women: words('Astrid, Birthe, Maja, Søs'),
    men: words('Jørgen, Lasse, Mikkel, Søren'),
    families: words('Bøgh, Kjær, Mortensen, Sørensen, Østergaard'),
  },
  Sweden: {
    phone: '+468######',
    mobile: '+4670#######',
    postal: '### ##',
    streets: words('Kylvägen, Fryshusgatan, Södra Hamngatan, Örnsbergsvägen'),
    women: words('Åsa, Elin, Linnéa, Märta'),
    men: words('Björn, Göran, Mårten, Nils'),
    families: words('Åkesson, Bergström, Engström, Lönnroth, Sjögren'),
  },
  Finland: {
    phone: '+3589######',
    mobile: '+35840#######',
    postal: '00###',
    streets: words('Kylmäsatama, Mannerheimintie, Pääskylänkatu'),
    women: words('Aino, Päivi, Säde'),
    men: words('Antti, Jyrki, Väinö'),
    families: words('Hämäläinen, Korhonen, Mäkelä, Yli-Äyhö'),
  },
  Netherlands: {
    phone: '+3120#######',
    mobile: '+316########',
    postal: '#### @@',
    streets: words('Koelhuisweg, Legmeerdijk, Rijnkade, Veilingstraat'),
    women: words('Femke, Ilse, Maaike, Sanne'),
    men: words('Bas, Joost, Pieter, Wouter'),
    families: words('van den Berg, de Groot, Hoekstra, ’t Hooft, Visser'),
  },
  Belgium: {
    phone: '+322#######',
    mobile: '+32470######',
    postal: '####',
    streets: words('Koelkaai, Quai des Usines, Rue de l’Entrepôt'),
    women: words('Aurélie, Hilde, Noémie'),
    men: words('Benoît, Jef, Loïc'),
    families: words('Claes, Delvaux, Peeters, Van Damme'),
  },
  France: {
    phone: '+33381######',
    mobile: '+336########',
    postal: '#####',
    streets: words('rue des Fruitières, quai de la Fosse, avenue Jean-Jaurès, chemin du Froid'),
    numberFirst: true,
    women: words('Amélie, Chloé, Hélène, Maëlle, Zoé'),
    men: words('André, Étienne, François, Jérôme, Rémi'),
    families: words('Béranger, Chevalier, Lefèvre, Moreau, Prévost, Rousseau'),
  },
  Italy: {
    phone: '+390521######',
    mobile: '+39347#######',
    postal: '#####',
    streets: words('Via del Ghiaccio, Via Emilia, Viale dei Mille, Strada Statale 9'),
    women: words('Alessia, Chiara, Giulia, Martina'),
    men: words('Davide, Lorenzo, Matteo, Niccolò'),
    families: words('Bruni, D’Amico, Galli, Marchetti, Rinaldi'),
  },
  Spain: {
    phone: '+34952######',
    mobile: '+34612######',
    postal: '#####',
    streets: words('Calle Larios, Avenida del Frío, Paseo Marítimo, Camino de Ronda'),
    women: words('Begoña, Inés, Lucía, Nuria'),
    men: words('Álvaro, Íñigo, Joaquín, Raúl'),
    families: words('Castaño, Fernández, Ibáñez, Muñoz, Peña'),
  },
  Portugal: {
    phone: '+35122#######',
    mobile: '+35191#######',
    postal: '####-###',
    streets: words('Rua do Frio, Avenida da Boavista, Cais de Gaia'),
    women: words('Inês, Conceição, Mafalda'),
    men: words('João, Simão, Tomé'),
    families: words('Araújo, Conceição, Magalhães, Simões'),
  },
  'United Kingdom': {
    phone: '+44207946####',
    mobile: '+447700900###',
    postal: '@@# #@@',
    streets: words('Cold Harbour Lane, Dock Road, Mill Street, Victoria Wharf'),
    numberFirst: true,
    women: words('Charlotte, Imogen, Niamh, Priya'),
    men: words('Callum, Dafydd, Oliver, Rhys'),
    families: words('Ashworth, Llewellyn, MacLeod, O’Connor, Whitaker'),
  },
  Ireland: {
    phone: '+3531#######',
    mobile: '+35386#######',
    postal: '@## @###',
    streets: words('Harbour Road, North Wall Quay, Creamery Lane'),
    numberFirst: true,
    women: words('Aoife, Gráinne, Siobhán'),
    men: words('Cormac, Pádraig, Seán'),
    families: words('Byrne, Ní Bhriain, O’Sullivan'),
  },
  Czechia: {
    phone: '+42023#######',
    mobile: '+42060#######',
    postal: '### ##',
    streets: words('Mrazírenská, Na Příkopě, U Výstaviště'),
    women: words('Jiřina, Markéta, Zdeňka'),
    men: words('Jiří, Ondřej, Tomáš'),
    families: words('Černý|Černá, Dvořák|Dvořáková, Říha|Říhová'),
  },
  Hungary: {
    phone: '+361#######',
    mobile: '+3620#######',
    postal: '1###',
    streets: words('Hűtőház utca, Soroksári út, Váci út'),
    women: words('Ágnes, Erzsébet, Zsófia'),
    men: words('Ádám, György, László'),
    families: words('Kővári, Szűcs, Tóth'),
  },
  'United States': {
    phone: '+1212555####',
    mobile: '+1646555####',
    postal: '1####',
    streets: words('Commerce Street, Harbor Boulevard, Lakeshore Drive, Mill Road'),
    numberFirst: true,
    women: words('Ashley, Denise, Keisha, Megan, Rosa'),
    men: words('Brian, Carlos, Derek, Jamal, Todd'),
    families: words('Alvarez, Brooks, Chen, Kowalski, Nguyen, Okafor, Sullivan'),
  },
};

export const placeOf = (country: string): Place => PLACES[country] ?? GERMANY;

const digits = (random: Random, pattern: string): string =>
  pattern.replace(/[#@]/g, (sign) =>
    sign === '#' ? String(random.between(1, 9)) : 'ABCDEFGHKLMNPRST'[random.between(0, 15)]!,
  );

/** A number as the product stores it. */
export const phoneNumber = (random: Random, pattern: string): string =>
  normalPhone(digits(random, random.pick(pattern.split('|'))))!;

export function address(random: Random, country: string): { street: string; postal_code: string } {
  const place = placeOf(country);
  const number = random.between(1, 140);
  const name = random.pick(place.streets);
  return {
    street: place.numberFirst ? `${number} ${name}` : `${name} ${number}`,
    postal_code: digits(random, place.postal),
  };
}

/** A name as people of that country have them. */
export function fullName(random: Random, country: string): string {
  const place = placeOf(country);
  const woman = random.chance(0.5);
  const [his = '', hers = his] = random.pick(place.families).split('|');
  const family = woman ? hers : his;
  const given = random.pick(woman ? place.women : place.men);
  return country === 'Vietnam' || country === 'Hungary' ? `${family} ${given}` : `${given} ${family}`;
}
