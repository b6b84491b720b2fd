import { type Thread, thread } from '../tell/content.ts';

/** Conversations with customers of Acme Cold Chain. */
export const THREADS: readonly Thread[] = [
  thread(
    'csm',
    'healthy',
    '0 > email: Agenda for the quarterly review | Sent {first} the agenda: alarms of the quarter, sensor batteries, users who never signed in, plans for [spring|autumn|next year]. Asked for [45 minutes|an hour]. | neutral',
    '6 > meeting: Quarterly review | Walked through the numbers with {first}. [Four|Six|Nine] alarms, all answered within ten minutes, no product lost. They use the report for the [insurance|auditor|board] now. Asked for a user for the [night shift|new warehouse lead]. | positive',
    '2 > email: Minutes of the quarterly review | Minutes sent. Open on our side: extra user, export of the [August|winter] readings. Open on theirs: names for the training. | neutral',
  ),
  thread(
    'csm',
    'healthy',
    '0 < email: Can the report also go to our insurer? | {first} asks whether the monthly report can go to the insurer directly, as PDF, without the addresses of the drivers. | neutral',
    '1 > email: Re: Can the report also go to our insurer? | Yes: added the insurer as a recipient of the monthly report, driver details off. First one goes out on the 1st. | positive',
  ),
  thread(
    'csm',
    'any',
    '0 > call: Check-in after the first month | {first} is happy with the dashboard, less so with the number of e-mails. Explained the digest and set it to [daily|twice a day] with them on the phone. | positive',
    '21 > call: Second check-in | Digest works. Of [eleven|seven|fourteen] users, [two|three] have not signed in yet; {first} will ask them. Suggested a short training. | neutral',
    '13 > meeting: Training for the shift leads | [Five|Eight] people, 40 minutes, on video. Most questions about acknowledging alarms on the phone. Sent the one-page guide afterwards. | positive',
  ),
  thread(
    'csm',
    'troubled',
    '0 < call: Too many false alarms at the loading gates | {first} is annoyed: every time a gate stays open for more than two minutes an alarm goes to the whole team, so nobody looks any more. | negative',
    '1 > support email: Proposal: delay and escalation levels | Proposed a delay of six minutes at the gates and a second level after fifteen. Needs their approval because of the [GDP audit|quality manual]. | neutral',
    '8 > call: No answer from quality yet | Tried {first} twice. The proposal lies with their quality department. | no_answer',
  ),
  thread(
    'csm',
    'troubled',
    '0 < email: Unhappy with the response on Sunday | {first} writes that the alarm at 03:40 was acknowledged only at 05:10. Product was moved in time, but by luck. Wants to know what we change. | negative',
    '1 > call: Apology and facts | Called the same morning. Our on-call phone had failed over to the wrong number. Said so, without excuses. {first} wants it in writing. | neutral',
    '3 > email: What happened on Sunday and what we changed | Two pages: the course of events, the wrong number in the fail-over list, the monthly test call we make from now on. | neutral',
    '11 < call: Thanks for the report | {first} passed the report to the management. They stay, but look closely at the next quarter. | positive',
  ),
  thread(
    'csm',
    'troubled',
    '0 > call: Renewal: first talk | {first} says the price was questioned internally. Usage is down since [the site in {city} was closed|the reorganisation]. Asked who decides now. | negative',
    '9 > email: Options for the renewal | Sent three options: same scope with two years fixed, fewer sensors, or the smaller plan without the audit pack. | neutral',
    '10 > call: Following up on the options | Voicemail. {first} is said to be in budget talks until the end of the month. | no_answer',
  ),
  thread(
    'support',
    'any',
    '0 < call: Gateway offline since this morning | Gateway in hall [B|C|2|4] offline since 06:20. Walked {first} through the restart; the SIM had lost its network. Back after four minutes, readings were buffered, nothing missing. | positive',
    '1 > email: Readings complete again | Confirmed: all [38|112|64] sensors have caught up, the gap is filled. Ordered a second SIM of another network as a spare. | positive',
  ),
  thread(
    'support',
    'any',
    '0 < email: How do I add a second site? | {first} wants to see {city} and the new depot apart. Explained sites and zones, with a picture. | neutral',
    '2 < email: Re: How do I add a second site? | Done by themselves, works. Asked whether old readings move along: they do. | positive',
  ),
  thread(
    'support',
    'any',
    '0 < call: Calibration certificates for the audit | Auditor comes on [Thursday|Monday]. {first} needs certificates for [12|26|40] sensors today. Sent as one archive within the hour. | positive',
  ),
  thread(
    'support',
    'any',
    '0 < email: Temperature shows with a comma in the export | Their quality system reads the point only. Switched the export of their user to English number format. | positive',
  ),
  thread(
    'support',
    'any',
    '0 < call: Two sensors show the same name | Somebody copied a zone and the names with it. Renamed both with {first} and showed the list of duplicates. | positive',
  ),
  thread(
    'support',
    'troubled',
    '0 < call: Battery warnings on a third of the sensors | [17|23|31] sensors report below 20 %. {first} fears a gap before the audit. Checked: same production lot, from spring last year. | negative',
    '1 > email: Replacement under warranty | The lot is known. Replacements are on their way under warranty, a technician swaps them on site. | neutral',
    '7 > field visit: Swapped sensors from the weak lot | All swapped in one morning, pairing took longer than planned because the old names were taken. {first} signed the protocol. | positive',
  ),
  thread(
    'field',
    'any',
    '0 > visit: Installed gateway and sensors | Gateway on the mezzanine, [14|18|22] sensors in three zones. Signal through the [sandwich panels|steel door] is weak, so one more repeater. Tested alarms with {first}. | positive',
    '1 > email: Protocol of the installation | Protocol with photos of every sensor sent to {first}. Open: label of zone 3. | neutral',
  ),
  thread(
    'field',
    'any',
    '0 > visit: Yearly maintenance | Checked all sensors against the reference, two outside ±0.3 °C and replaced. Cleaned the gateway fan. Next visit in twelve months. | positive',
  ),
  thread(
    'field',
    'any',
    '0 > call: Appointment for the temperature mapping | Agreed on the [second|third] week of next month. {first} empties the rack in front of the evaporator before. | neutral',
    '16 > visit: Temperature mapping | 72 hours with [27|36] loggers. Warm spot next to the door, 1.4 °C above the middle. Recommendation: curtain, and sensor 7 half a metre lower. | positive',
    '5 > email: Report of the mapping | Report sent, 18 pages, with the warm spot on page 6. {first} hands it to quality. | positive',
  ),
  thread(
    'owner',
    'healthy',
    '0 > call: Interest in the second warehouse | {first} confirms: the new warehouse in {city} opens in [May|September|January]. They want the same set-up from day one. | positive',
    '5 > email: Offer for the second warehouse | Offer sent, [24|40|56] sensors, two gateways, installation included. Valid for sixty days. | neutral',
    '14 > call: Offer is with purchasing | Technically agreed. Purchasing asks for two per cent or a longer term; offered the longer term. | positive',
  ),
  thread(
    'owner',
    'any',
    '0 > visit: Getting to know the new head of logistics | {first} came from a competitor’s customer and knows the subject. Showed the dashboard on their own data, that went down well. | positive',
    '4 > email: Thank you and material | Sent the comparison of plans and two references from {industry}. | neutral',
  ),
  thread(
    'owner',
    'healthy',
    '0 < email: Would you speak at our industry meeting? | {first} organises the regional meeting and asks for twenty minutes on temperature data in practice. | positive',
    '2 > call: Yes to the talk | Agreed, {first} joins on stage. Good for a reference story. | positive',
  ),
  thread(
    'owner',
    'any',
    '0 > call: Price adjustment announced | Explained the index clause: [2.4|2.9|3.1] % from the next term. {first} had expected it. | neutral',
  ),
  thread(
    'owner',
    'prospect',
    '0 > call: First talk | {first} keeps paper lists and has had [one loss|two losses] this year. Interested, but a decision only after the [summer|audit|budget]. | positive',
    '7 > meeting: Demonstration on their own floor plan | Drew the zones from their plan. Questions: data protection for drivers, what happens without mobile network, price per sensor. | positive',
    '10 > email: Offer for a pilot | Pilot with [8|12] sensors for three months, money back when the auditor is not convinced. | neutral',
    '12 > call: Waiting for a decision | {first} is in favour, the owner wants to think. Call again [next week|after the holidays]. | neutral',
  ),
  thread(
    'owner',
    'prospect',
    '0 < email: Question about your sensors in freezers | Down to −40 °C? {first} asks for a data sheet and a price for ten. | neutral',
    '1 > email: Data sheet and prices | The probe goes down to −90 °C, the housing stays outside. Prices for ten and for fifty sent. | neutral',
    '9 > call: No answer | Line rang out. Try once more, then leave it. | no_answer',
  ),
  thread(
    'owner',
    'gone',
    '0 < email: Notice of termination | {first} terminates in due time. Reason given: [the site closes|a group-wide contract with somebody else|too expensive for what we use]. | negative',
    '3 > call: Why, and what would have kept them | Honest talk. Nothing wrong with the product; nobody there looked at it after the champion had left. We should have noticed. | negative',
    '20 > email: Data handed over | All readings since the beginning as files, accounts closed. Left the door open. | neutral',
  ),
  thread(
    'csm',
    'gone',
    '0 > call: Nobody uses it any more | Last sign-in seven weeks ago. {first} has changed the company, the successor does not know us. | negative',
    '12 > email: Offer of a fresh start | Offered a new training and three months without charge for the unused sensors. No reaction. | no_answer',
  ),
];

/** Conversations with people who may become customers. */
export const LEAD_THREADS: readonly Thread[] = [
  thread(
    'owner',
    'any',
    '0 > call: Called back after the enquiry | {first} looks after [three|five|two] cold rooms and writes temperatures by hand. Open for a demonstration. | positive',
    '6 > meeting: Demonstration | Half an hour on video. Liked the alarm chain, asked for the price twice. | positive',
    '8 > email: Offer sent | Starter set with twelve months, delivery within two weeks. | neutral',
  ),
  thread(
    'owner',
    'any',
    '0 > call: Reached the switchboard only | {first} is on the road, call back after four. | no_answer',
    '2 > email: Short introduction | Three sentences and one picture. Asked for a quarter of an hour. | neutral',
  ),
  thread(
    'owner',
    'any',
    '0 < email: Please send prices | Wants a price list without a talk. Sent the starter set and asked what should be watched. | neutral',
    '7 > call: Asked about the price list | Compares with two others. Decides on the response time of support. | neutral',
  ),
  thread(
    'owner',
    'any',
    '0 > meeting: Talk at the stand | Came to the stand with their quality manager. Lost a pallet of [insulin|cheese|salmon] in July. | positive',
    '9 > call: After the fair | Remembers us. The quality manager writes the requirements, we get them by the end of the month. | positive',
  ),
  thread(
    'owner',
    'any',
    '0 > call: No need at present | Just signed with somebody else for two years. Asked to call again then. | negative',
  ),
];
