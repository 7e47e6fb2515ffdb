/** The enrolment token does not open the door; the message never says which part of it is wrong. */
export class EnrolmentRefused extends Error {
  override readonly name = 'EnrolmentRefused'
}

/** The request could not be understood; the message names the field. */
export class EnrolmentInvalid extends Error {
  override readonly name = 'EnrolmentInvalid'
}
