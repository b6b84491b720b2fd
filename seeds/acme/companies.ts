import { type Company, companiesOf } from '../tell/company.ts';

/** An industry and its companies: name | city | country | size. */
const LINES: Readonly<Record<string, string>> = {
  Pharmaceuticals: `
    Nordlicht Pharma GmbH | Hamburg | Germany | 5
    Helvetia Biologics AG | Zürich | Switzerland | 5
    Αιγαίο Φαρμακευτική Α.Ε. | Αθήνα | Greece | 4
    Vistula Vaccines Sp. z o.o. | Warszawa | Poland | 4
    Sanatorix Arzneimittel GmbH | Leverkusen | Germany | 4
    Laboratoires Clairval | Lyon | France | 3
    Biolaget Öresund AB | Malmö | Sweden | 3
    Insulina Ibérica S.A. | Barcelona | Spain | 3
    Moravia Pharm s.r.o. | Brno | Czechia | 3
    Kékduna Gyógyszer Kft | Budapest | Hungary | 2
    Apteka Pod Lwem | Kraków | Poland | 1
    Engel-Apotheke Bärwinkel e.K. | Würzburg | Germany | 1
    Farmácia da Ribeira | Porto | Portugal | 1
    Alpen-Impfstoffe GmbH | Innsbruck | Austria | 3
    Medicinrummet ApS | Aarhus | Denmark | 2
    Caledonian Serum Ltd | Edinburgh | United Kingdom | 3`,
  Hospitals: `
    Øresundshospitalets Apotek | København | Denmark | 4
    Clínica Santa Lucía | Málaga | Spain | 3
    Klinikverbund Oberes Donautal | Tuttlingen | Germany | 3
    Gemeinnützige Beschaffungs- und Logistikgesellschaft der Krankenhäuser im Landkreis Oberes Donautal für temperaturgeführte Arzneimittel, Blutprodukte und Laborproben mbH | Tuttlingen | Germany | 2
    Universitätsspital Limmat | Zürich | Switzerland | 3
    Szpital Miejski im. Kopernika | Gdańsk | Poland | 2
    Hôpital Saint-Éloi du Lac | Annecy | France | 2
    Ospedale San Petronio | Bologna | Italy | 2
    St Brigid’s University Hospital | Dublin | Ireland | 3
    Keskussairaala Järvi-Suomi | Kuopio | Finland | 2
    Blutspendedienst Elbe-Weser | Bremen | Germany | 3
    Ziekenhuis De Linden | Gent | Belgium | 2
    Γενική Κλινική Θεσσαλονίκης | Θεσσαλονίκη | Greece | 1`,
  Logistics: `
    Łódzkie Centrum Dystrybucji | Łódź | Poland | 4
    Bergland Frischdienst GmbH | München | Germany | 4
    Ψυκτικές Αποθήκες Ελλάδα Α.Ε. | Πειραιάς | Greece | 2
    Kühlspedition Wattenmeer KG | Bremerhaven | Germany | 3
    Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft | Wien | Austria | 1
    Frigo Trans Adriatica S.r.l. | Trieste | Italy | 2
    Transports Frigorifiques Béranger | Nantes | France | 2
    Polarlinjen Transport AS | Tromsø | Norway | 3
    Koelhuis Rijnmond B.V. | Rotterdam | Netherlands | 4
    Mersey Cold Store Ltd | Liverpool | United Kingdom | 2
    Frigoríficos del Estrecho | Algeciras | Spain | 2
    Mrazírny Vltava s.r.o. | Praha | Czechia | 2
    Hűtőlánc Kft | Győr | Hungary | 1
    Zimno Express | Poznań | Poland | 1
    Gotthard Kühltransporte AG | Altdorf | Switzerland | 2
    Kurierdienst Eisvogel | Leipzig | Germany | 1
    Frio Norte Transportes Lda | Braga | Portugal | 1
    Baltic Reefer Line OY | Helsinki | Finland | 3
    Havneterminalen Esbjerg A/S | Esbjerg | Denmark | 2`,
  Seafood: `
    Hải Sản Sông Hàn | Đà Nẵng | Vietnam | 3
    Fjordfisk AS | Ålesund | Norway | 4
    Lofoten Tørrfisk SA | Svolvær | Norway | 2
    Conservas Ría de Vigo | Vigo | Spain | 2
    Büsumer Krabbenkontor | Büsum | Germany | 1
    Galway Bay Oysters | Galway | Ireland | 1
    Skagen Rejer ApS | Skagen | Denmark | 2
    Bretagne Marée | Lorient | France | 2
    Tôm Cần Thơ Xuất Khẩu | Cần Thơ | Vietnam | 1
    Peixaria Três Irmãos | Matosinhos | Portugal | 1
    Oostendse Visveiling | Oostende | Belgium | 2
    Räucherei Sörensen | Kappeln | Germany | 1`,
  Dairy: `
    Laiterie du Mont d’Or | Besançon | France | 3
    Caseificio Valle Verde | Parma | Italy | 2
    Molkerei Sonnental eG | Kempten | Germany | 3
    Mleczarnia Podlaska | Białystok | Poland | 2
    Smetana & synové | Olomouc | Czechia | 1
    Mejeri Hjorthøj | Herning | Denmark | 1
    Käserei Emmenberg | Langnau | Switzerland | 1
    Zuivelhoeve De Vries | Leeuwarden | Netherlands | 1
    Quesería La Ermita | Cuenca | Spain | 1
    Φέτα Ηπείρου | Ιωάννινα | Greece | 1
    Ballymore Creamery | Cork | Ireland | 2
    Mejeri Ångermanland | Örnsköldsvik | Sweden | 2
    Almkäse Großarl | Großarl | Austria | 1
    Fromagerie Têtedoie | Saint-Claude | France | 1`,
  'Ice cream': `
    Gelato Fratelli Bruni | Bologna | Italy | 1
    Gelateria F.lli Bruni snc | Bologna | Italy | 1
    Eiskrem Pinguin GmbH | Oldenburg | Germany | 3
    Glacier Lémanique | Lausanne | Switzerland | 1
    Lody u Hanki | Zakopane | Poland | 0
    IJssalon Venezia | Utrecht | Netherlands | 0
    Jäätelötehdas Tampere | Tampere | Finland | 1
    Eisfabrik Königstein | Dresden | Germany | 1
    Helados Sierra Nevada | Granada | Spain | 1`,
  Flowers: `
    Blumen Bärwald | Aalsmeer | Netherlands | 2
    Rosen Holstein Export | Uetersen | Germany | 1
    Fleurs de Provence | Hyères | France | 1
    Tulpenbeurs Noord | Hoorn | Netherlands | 2
    Kwiaty Mazowsza | Grójec | Poland | 1
    Orchidee Alto Adige | Bolzano | Italy | 0`,
  'Food retail': `
    Frischemarkt Hansen | Flensburg | Germany | 2
    Boucherie Lefèvre & Fils | Dijon | France | 1
    Bio-Kiste Wendland | Lüchow | Germany | 1
    Bauernladen Mürztal | Graz | Austria | 0
    Fjellheim Dagligvare | Bergen | Norway | 2
    Mercado Central Gourmet | Valencia | Spain | 1
    Epicerie Fine Ménard | Bruxelles | Belgium | 1
    Feinkost Gänseblümchen | Köln | Germany | 1
    Delikatesy Zielony Smok | Wrocław | Poland | 1
    Highland Larder Ltd | Inverness | United Kingdom | 1
    Cantina Sociale di Alba | Alba | Italy | 1
    Hallens Delikatesser Göteborg | Göteborg | Sweden | 2
    Kühne & Söhne Wurstwaren | Nürnberg | Germany | 2
    Pastelaria Conceição | Lisboa | Portugal | 0
    Hofladen Lütjenburg | Lütjenburg | Germany | 0
    Lahti Luomu | Lahti | Finland | 0`,
  Chemicals: `
    Rheinharz Klebstoffe GmbH | Ludwigshafen | Germany | 3
    Solvantis N.V. | Antwerpen | Belgium | 3
    Reagentia AB | Uppsala | Sweden | 2
    Zakłady Chemiczne Wieniawa | Puławy | Poland | 2
    Lackfabrik Überlingen | Überlingen | Germany | 1
    Colle e Resine Toscane | Prato | Italy | 1`,
  Laboratories: `
    Institut für Lebensmittelprüfung Süd | Freiburg | Germany | 2
    Genomika Wien | Wien | Austria | 2
    Cryobank Nordic ApS | Odense | Denmark | 3
    Laboratório Atlântico | Lisboa | Portugal | 1
    Samenbank Weißensee | Berlin | Germany | 1
    Bioteka Wrocław | Wrocław | Poland | 1
    Crick Street Diagnostics | Cambridge | United Kingdom | 2
    Labo Fribourg Sàrl | Fribourg | Switzerland | 1`,
  Catering: `
    Kantine Fünf | Stuttgart | Germany | 0
    Traiteur Chevalier | Reims | France | 1
    Skybord Catering AS | Oslo | Norway | 3
    Airmeal Frankfurt GmbH | Frankfurt am Main | Germany | 3
    Catering Złota Łyżka | Katowice | Poland | 1
    Schulküche Nord gGmbH | Kiel | Germany | 1
    Banquetes Peñalara | Segovia | Spain | 0
    The Copper Pan | Bristol | United Kingdom | 0`,
  Art: `
    Kunstspedition Rembrandt | Amsterdam | Netherlands | 2
    Museumsdepot Spreeinsel | Berlin | Germany | 2
    Weinlager Château Brézème | Valence | France | 1`,
  Private: `
    Dr. Amélie Fontaine | Genève | Switzerland | 1
    Jan-Olof Sjögren | Visby | Sweden | 1
    Contessa Lucrezia d’Amico | Firenze | Italy | 1`,
};

const FIRST_NUMBER = 10_007;

export const ACME_COMPANIES: readonly Company[] = companiesOf(LINES, FIRST_NUMBER);
