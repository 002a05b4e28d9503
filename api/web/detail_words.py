"""Details of outcomes that are sentences of ours, in Spanish. The pipeline writes them in English for logs, API and page; what
stands in a place (an identifier, a number, an address) stays as it is."""

from collections.abc import Mapping

DETAIL_WORDS: Mapping[str, str] = {
    # whether a v3 message is believed
    "not from {address}": "no viene de {address}",
    "from {address}": "viene de {address}",
    "an inform to {engine}, which we are not": "un inform para {engine}, que no somos nosotros",
    "{engine}: our own engine, which speaks for no console": "{engine}: nuestro propio motor, que no habla por ninguna consola",
    "{engine}: an engine ID has {least} to {most} octets": "{engine}: un id. de motor tiene de {least} a {most} octetos",
    "{engine}: not looked for among {number} users of that name, too much came that fits none of them": (
        "{engine}: no se buscó entre {number} usuarios de ese nombre, llegó demasiado que no es de ninguno"
    ),
    "the keys of {sources} fit: give them different pass phrases": (
        "coinciden las claves de {sources}: ponerles frases de contraseña distintas"
    ),
    "{engine}: the keys of {sources} fit, and several may speak from it: forget it at all but one, or correct engine_id": (
        "{engine}: coinciden las claves de {sources}, y varias pueden hablar desde él: olvidarlo en todas menos una,"
        " o corregir engine_id"
    ),
    "{engine}: the keys of {sources} fit: approve it for one of them": (
        "{engine}: coinciden las claves de {sources}: aprobarlo para una de ellas"
    ),
    "{level}, at least {wanted} is wanted": "{level}; se pide al menos {wanted}",
    "not the digest of {protocol} and this pass phrase": (
        "la firma no es la de {protocol} con la frase de contraseña del archivo de clientes"
    ),
    "the user has no pass phrase for authentication": "el usuario no tiene frase de contraseña para firmar",
    "the user has no pass phrase for encryption": "el usuario no tiene frase de contraseña para cifrar",
    "the digest has {octets} octets; that of {protocol} has {wanted}": (
        "la firma tiene {octets} octetos; la de {protocol}, {wanted}"
    ),
    "the salt has {salt} octets and the scoped PDU {octets}: not of the user's privacy protocol": (
        "la sal tiene {salt} octetos y la PDU con ámbito {octets}: no son del protocolo de cifrado del usuario"
    ),
    "what comes out is no scoped PDU: another pass phrase or protocol": (
        "lo que resulta no es una PDU con ámbito: otra frase de contraseña u otro protocolo"
    ),
    # what cannot be decoded
    "indefinite length": "longitud indefinida",
    "reserved length form": "forma de longitud reservada",
    "an element reaches beyond its container": "un elemento se extiende más allá del que lo contiene",
    "more than 128 arcs": "más de 128 números",
    "the last arc is unfinished": "el último número está sin terminar",
    "an arc is over 2^32-1": "un número es mayor que 2^32-1",
    "a padded arc": "un número con relleno",
    "a varbind's name is not an OID": "el nombre de una variable no es un OID",
    "a varbind is not a SEQUENCE": "una variable no es una SEQUENCE",
    "a field is missing or of another type": "un campo falta o es de otro tipo",
    "the varbind list is not a SEQUENCE": "la lista de variables no es una SEQUENCE",
    "the message is not a SEQUENCE": "el mensaje no es una SEQUENCE",
    "the message is longer than the datagram": "el mensaje es más largo que el datagrama",
    "the version is not an INTEGER": "la versión no es un INTEGER",
    "the version is no small number": "la versión no es un número pequeño",
    "version {number}": "versión {number}",
    "the community is not an OCTET STRING": "la comunidad no es un OCTET STRING",
    "unknown PDU type {tag}": "tipo de PDU desconocido: {tag}",
    "PDU type {tag}": "tipo de PDU {tag}",
    "the request-id is too wide": "el request-id es demasiado ancho",
    "a trap number is too wide": "un número de la trap es demasiado ancho",
    "msgFlags has no octet": "msgFlags no tiene ningún octeto",
    "security model {number}": "modelo de seguridad {number}",
    "msgAuthenticationParameters is too long": "msgAuthenticationParameters es demasiado largo",
    "the flags say encrypted and not authenticated": "las marcas dicen cifrado y no firmado",
    "the flags say {level}, the scoped PDU is encrypted": "las marcas dicen {level} y la PDU con ámbito está cifrada",
    "the flags say {level}, the scoped PDU is not encrypted": "las marcas dicen {level} y la PDU con ámbito no está cifrada",
    "{part} is missing or of another type": "{part} falta o es de otro tipo",
    "{part} is longer than {most} octets": "{part} tiene más de {most} octetos",
    "{part} is no number of 31 bits": "{part} no es un número de 31 bits",
    "the datagram ends inside an element": "el datagrama termina dentro de un elemento",
    "{failure} in the pipeline": "{failure} en el procesamiento",
    "timeout": "tiempo agotado",
    "died": "el proceso que decodifica terminó",
    "confused": "el proceso que decodifica contestó otra cosa",
    # what rules could not do
    "the key needs the field {field}": "la clave necesita el campo {field}",
    "the mail is longer than the limits of one notification: rows may be missing": (
        "el correo es más largo que los límites de un aviso: pueden faltar renglones"
    ),
    # what would fit others too
    "{number} octets": "{number} octetos",
}
"""English → Spanish. Of two that fit, the first one is meant."""
